# SPDX-License-Identifier: MIT
# User C module for ports built by make: USER_C_MODULES=<this repository>/firmware
#   WG_ARCH   which cores, a file of crypto/arch; by default from the port's -mcpu
#   WG_SIZE, WG_FALLBACK, WG_ACCEL   see crypto/options.mk
#   WG_WAKE   the wake-up seam: softtimer (default) or a file of the port's own
WG_ROOT := $(patsubst %/binding,%,$(patsubst %/,%,$(USERMOD_DIR)))

ifeq ($(WG_ARCH),)
WG_ARCH := $(strip \
  $(if $(filter -mcpu=cortex-m0 -mcpu=cortex-m0plus,$(CFLAGS)),armv6m,\
  $(if $(filter -mcpu=cortex-m3,$(CFLAGS)),armv7m,\
  $(if $(filter -mcpu=cortex-m4 -mcpu=cortex-m7,$(CFLAGS)),armv7em,\
  $(if $(filter -mcpu=cortex-m33,$(CFLAGS)),armv8m,generic)))))
endif
WG_WAKE ?= $(WG_ROOT)/binding/wake_softtimer.c

include $(WG_ROOT)/crypto/sources.mk
include $(WG_ROOT)/crypto/arch/$(WG_ARCH).mk
include $(WG_ROOT)/crypto/options.mk

# The binding holds qstrs; the rest is library code that the qstr scan need not read.
SRC_USERMOD_C += $(addprefix $(WG_ROOT)/binding/, \
  mod_wireguard.c obj_key.c obj_symmetric.c obj_path.c obj_netif.c support.c) $(WG_WAKE) $(WG_ACCEL)
SRC_USERMOD_LIB_C += \
  $(addprefix $(WG_ROOT)/crypto/,$(WG_CRYPTO_SOURCES) $(filter %.c,$(WG_CORES))) \
  $(addprefix $(WG_ROOT)/session/, \
    wg_session.c wg_replay.c wg_symmetric.c wg_peer.c wg_allowedips.c wg_path.c wg_ip.c \
    wg_icmp.c) \
  $(addprefix $(WG_ROOT)/netif/, \
    wg_netif.c wg_outer.c wg_inner.c wg_staged.c wg_mtu.c wg_resolve.c wg_route.c \
    wg_checksum.c)
SRC_USERMOD_LIB_ASM += $(addprefix $(WG_ROOT)/crypto/,$(filter %.S,$(WG_CORES)))

# The port's own level is left to the port.
WG_OBJECTS := $(BUILD)/$(patsubst $(USER_C_MODULES)/%,%,$(WG_ROOT)/crypto)
$(WG_OBJECTS)/%.o: CFLAGS += $(WG_OPT)
$(WG_OBJECTS)/fallback.o: CFLAGS += -Os

# lwIP itself includes the hooks: routing follows AllowedIPs.
CFLAGS_USERMOD += $(WG_DEFINES) \
  $(addprefix -I$(WG_ROOT)/,binding crypto/include session/include netif/include) \
  -DLWIP_HOOK_FILENAME="\"wg_lwip_hooks.h\"" \
  '-DLWIP_HOOK_IP4_ROUTE_SRC(src,dest)=wg_route_hook_ip4(dest)'

# lwIP's checksum by wg_checksum.h, where lwIP is built from MicroPython's tree.
$(BUILD)/lib/lwip/src/core/inet_chksum.o: CFLAGS += -DLWIP_CHKSUM=wg_lwip_checksum \
  -include wg_checksum.h
