/* SPDX-License-Identifier: MIT
 *
 * What binding.h asks of a port (WG_PORT_HEADER). There is no IP stack below a native module, and
 * only Python calls it: nothing to lock, nobody to wake.
 */
#ifndef WG_NATMOD_PORT_H
#define WG_NATMOD_PORT_H

#define WG_LOCK() ((void)0)
#define WG_UNLOCK() ((void)0)
#define WG_SCHEDULED() ((void)0)

#endif
