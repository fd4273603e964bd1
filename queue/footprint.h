/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FOOTPRINT_H
#define QUEUE_FOOTPRINT_H

/*
 * Gives back memory that only the start needed.  To be called once, when the
 * process is about to rest for the first time: what is wanted again costs a
 * page fault without a read.
 */
void footprint_shrink(void);

#endif
