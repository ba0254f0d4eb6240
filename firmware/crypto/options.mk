# SPDX-License-Identifier: MIT
# What a build may ask of firmware/crypto. Included after sources.mk and an arch/<arch>.mk:
#   WG_SIZE=small    the generic cores at -Os, for boards short of flash; default: fast
#   WG_FALLBACK=1    the generic cores as well, for a tuned one that fails the self-test (wg_core.h)
# (Where the arch's file says that a generic core will not do, both leave the tuned one alone.)
#   WG_ACCEL=<file>  an accelerator's provider, a C source (wg_accel.h)
# (fallback.c is always best at -Os: it runs when something is broken.)
# Changes WG_CORES and WG_CRYPTO_SOURCES; sets WG_OPT, the compiler's level for both, and WG_DEFINES,
# for every file that includes a header of crypto. micropython.cmake says the same in its language.
WG_SIZE ?= fast
ifeq ($(WG_SIZE),small)
ifneq ($(WG_CORES_SMALL),)
WG_CORES := $(WG_CORES_SMALL)
else
include $(dir $(lastword $(MAKEFILE_LIST)))arch/generic.mk
endif
WG_OPT := -Os
else ifeq ($(WG_SIZE),fast)
WG_OPT := -O2
else
$(error WG_SIZE is fast or small)
endif

wg_algorithm = $(notdir $(patsubst %/,%,$(dir $(1))))
WG_DEFINES := $(WG_ARCH_DEFINES) \
  $(foreach c,$(WG_CORES),-DWG_CORE_$(call wg_algorithm,$(c))=$(basename $(notdir $(c))))

ifeq ($(WG_FALLBACK),1)
WG_TUNED := $(strip $(foreach c,$(filter-out %/generic32.c,$(WG_CORES)),\
  $(if $(filter $(WG_NO_FALLBACK),$(call wg_algorithm,$(c))),,$(c))))
WG_DEFINES += $(if $(WG_TUNED),-DWG_FALLBACK) \
  $(foreach c,$(WG_TUNED),-DWG_FALLBACK_$(call wg_algorithm,$(c)))
WG_CRYPTO_SOURCES += $(if $(WG_TUNED),fallback.c)
endif

ifneq ($(WG_ACCEL),)
WG_DEFINES += -DWG_ACCEL
WG_CRYPTO_SOURCES += accel.c
endif
