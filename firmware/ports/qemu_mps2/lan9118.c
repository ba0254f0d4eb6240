// SPDX-License-Identifier: MIT
#include "lwip/pbuf.h"

#include "clock.h"
#include "lan9118.h"
#include "mps2.h"

typedef struct {
    volatile uint32_t rx_data; // 00: 8 aliases
    uint32_t reserved0[7];
    volatile uint32_t tx_data; // 20: 8 aliases
    uint32_t reserved1[7];
    volatile uint32_t rx_status; // 40
    volatile uint32_t rx_status_peek;
    volatile uint32_t tx_status;
    volatile uint32_t tx_status_peek;
    volatile uint32_t id_rev; // 50
    volatile uint32_t irq_cfg;
    volatile uint32_t int_sts;
    volatile uint32_t int_en;
    uint32_t reserved2;
    volatile uint32_t byte_test; // 64
    volatile uint32_t fifo_int;
    volatile uint32_t rx_cfg;
    volatile uint32_t tx_cfg; // 70
    volatile uint32_t hw_cfg;
    volatile uint32_t rx_dp_ctl;
    volatile uint32_t rx_fifo_inf;
    volatile uint32_t tx_fifo_inf; // 80
    uint32_t reserved3[8];
    volatile uint32_t mac_csr_cmd; // a4
    volatile uint32_t mac_csr_data;
} lan9118_t;

_Static_assert(offsetof(lan9118_t, byte_test) == 0x64, "register layout");
_Static_assert(offsetof(lan9118_t, mac_csr_data) == 0xa8, "register layout");

#define LAN ((lan9118_t *)MICROPY_HW_LAN9118_BASE)

#define BYTE_TEST_VALUE 0x87654321u
#define IRQ_CFG_ENABLE_HIGH_PUSHPULL 0x111u
#define INT_RSFL (1u << 3) // receive status FIFO above its level
#define INT_ALL 0xffffffffu
#define FIFO_INT_RSFL_LEVEL_0 0u
#define RX_CFG_DUMP (1u << 15)
#define TX_CFG_STATUS_DUMP (1u << 15)
#define TX_CFG_DATA_DUMP (1u << 14)
#define TX_CFG_ON (1u << 1)
#define HW_CFG_MBO (1u << 20)
#define HW_CFG_TX_FIFO_5K (5u << 16)
#define HW_CFG_SRST (1u << 0)
#define MAC_CSR_BUSY (1u << 31)
#define MAC_CSR_READ (1u << 30)
#define RX_STATUS_ERROR (1u << 15)
#define TX_FIRST (1u << 13)
#define TX_LAST (1u << 12)

enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3, MAC_MII_ACC = 6, MAC_MII_DATA = 7 };

#define MAC_CR_ALL_MULTICAST (1u << 19)
#define MAC_CR_FULL_DUPLEX (1u << 20)
#define MAC_CR_TXEN (1u << 3)
#define MAC_CR_RXEN (1u << 2)
#define MII_BUSY (1u << 0)
#define MII_PHY_1 (1u << 11)
#define PHY_STATUS 1u // IEEE 802.3 clause 22 basic status
#define PHY_STATUS_LINK (1u << 2)

#define FCS_BYTES 4
#define FRAME_MAX_BYTES 1514
#define TX_COMMAND_BYTES 8
#define SPIN_LIMIT 100000 // register polls before a busy bit is taken for a dead chip

static void wait_clear(volatile uint32_t *reg, uint32_t mask) {
    for (int i = 0; i < SPIN_LIMIT && (*reg & mask); i++) {
    }
}

static uint32_t mac_read(uint32_t index) {
    wait_clear(&LAN->mac_csr_cmd, MAC_CSR_BUSY);
    LAN->mac_csr_cmd = MAC_CSR_BUSY | MAC_CSR_READ | index;
    wait_clear(&LAN->mac_csr_cmd, MAC_CSR_BUSY);
    return LAN->mac_csr_data;
}

static void mac_write(uint32_t index, uint32_t value) {
    wait_clear(&LAN->mac_csr_cmd, MAC_CSR_BUSY);
    LAN->mac_csr_data = value;
    LAN->mac_csr_cmd = MAC_CSR_BUSY | index;
    wait_clear(&LAN->mac_csr_cmd, MAC_CSR_BUSY);
}

static uint32_t phy_read(uint32_t index) {
    mac_write(MAC_MII_ACC, MII_PHY_1 | index << 6 | MII_BUSY);
    for (int i = 0; i < SPIN_LIMIT && (mac_read(MAC_MII_ACC) & MII_BUSY); i++) {
    }
    return mac_read(MAC_MII_DATA);
}

bool lan9118_init(void) {
    if (LAN->byte_test != BYTE_TEST_VALUE) {
        return false;
    }
    LAN->hw_cfg = HW_CFG_SRST;
    wait_clear(&LAN->hw_cfg, HW_CFG_SRST);
    LAN->hw_cfg = HW_CFG_MBO | HW_CFG_TX_FIFO_5K;
    LAN->int_en = 0;
    LAN->int_sts = INT_ALL;
    LAN->fifo_int = FIFO_INT_RSFL_LEVEL_0;
    // The line is active low after reset: give it its sense before the NVIC listens.
    LAN->irq_cfg = IRQ_CFG_ENABLE_HIGH_PUSHPULL;
    mps2_irq_enable_line(MICROPY_HW_LAN9118_IRQ);
    return true;
}

void lan9118_start(void) {
    LAN->rx_cfg = RX_CFG_DUMP;
    wait_clear(&LAN->rx_cfg, RX_CFG_DUMP);
    LAN->tx_cfg = TX_CFG_STATUS_DUMP | TX_CFG_DATA_DUMP;
    LAN->tx_cfg = TX_CFG_ON;
    // IPv6 needs its multicast groups; lwIP sorts out the others.
    mac_write(MAC_CR, MAC_CR_ALL_MULTICAST | MAC_CR_FULL_DUPLEX | MAC_CR_TXEN | MAC_CR_RXEN);
    lan9118_irq_clear();
    lan9118_irq_enable();
}

void lan9118_stop(void) {
    LAN->int_en = 0;
    mac_write(MAC_CR, 0);
    LAN->tx_cfg = 0;
}

void lan9118_get_mac(uint8_t mac[6]) {
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH);
    for (int i = 0; i < 4; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
    }
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

bool lan9118_link(void) {
    return phy_read(PHY_STATUS) & PHY_STATUS_LINK;
}

// The FIFO takes whole little-endian words.
static void put_words(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i += 4) {
        LAN->tx_data = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
                       (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
    }
}

static void drop_tx_status(void) {
    while (LAN->tx_fifo_inf >> 16 & 0xff) {
        (void)LAN->tx_status;
    }
}

bool lan9118_send(const struct pbuf *frame) {
    static uint8_t bytes[(FRAME_MAX_BYTES + 3) & ~3];
    uint32_t length = frame->tot_len;
    drop_tx_status();
    if (length > FRAME_MAX_BYTES || (LAN->tx_fifo_inf & 0xffff) < length + TX_COMMAND_BYTES + 3) {
        return false;
    }
    pbuf_copy_partial(frame, bytes, (u16_t)length, 0);
    LAN->tx_data = TX_FIRST | TX_LAST | length;
    LAN->tx_data = length;
    put_words(bytes, length);
    return true;
}

static void skip_words(uint32_t count) {
    while (count--) {
        (void)LAN->rx_data;
    }
}

// The words of a frame do not care where a pbuf of the chain ends.
static void get_frame(struct pbuf *frame, uint32_t length) {
    struct pbuf *part = frame;
    size_t at = 0;
    for (uint32_t done = 0; done < length;) {
        uint32_t word = LAN->rx_data;
        for (int i = 0; i < 4 && done < length; i++, done++, word >>= 8) {
            if (at == part->len) {
                part = part->next;
                at = 0;
            }
            ((uint8_t *)part->payload)[at++] = (uint8_t)word;
        }
    }
}

static struct pbuf *take_frame(uint32_t status) {
    uint32_t stored = status >> 16 & 0x3fff;
    uint32_t words = (stored + 3) / 4;
    struct pbuf *frame = NULL;
    if (!(status & RX_STATUS_ERROR) && stored > FCS_BYTES) {
        frame = pbuf_alloc(PBUF_RAW, (u16_t)(stored - FCS_BYTES), PBUF_POOL);
    }
    if (!frame) {
        skip_words(words);
        return NULL;
    }
    get_frame(frame, stored - FCS_BYTES);
    skip_words(words - (stored - FCS_BYTES + 3) / 4);
    return frame;
}

struct pbuf *lan9118_receive(void) {
    while (LAN->rx_fifo_inf >> 16 & 0xff) {
        struct pbuf *frame = take_frame(LAN->rx_status);
        if (frame) {
            return frame;
        }
    }
    return NULL;
}

void lan9118_irq_clear(void) {
    LAN->int_sts = INT_RSFL;
}

void lan9118_irq_enable(void) {
    LAN->int_en = INT_RSFL;
}

void lan9118_irq(void) {
    LAN->int_en = 0;
    clock_set_event();
    lan9118_on_receive();
}
