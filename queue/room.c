/* SPDX-License-Identifier: ISC */
/*
 * Room for mail.  queue.db does not shrink as mail leaves it, and what lies in
 * the journal takes up room twice: there, and in the file that it is moved to.
 * So a disk that has little left is looked at more closely before mail is
 * refused for it.
 */
#include "config.h"

#include "queue/ballast.h"
#include "queue/room.h"
#include "queue/store.h"

/* However little is asked for: a disk without this serves nobody. */
#define ROOM_MIN (8 * 1024 * 1024)

/* A smaller journal stays: to cut it off each time would delay deliveries. */
#define JOURNAL_SMALL (1024 * 1024)

static int
check(const struct conf_queue *q, const struct store *s, uint64_t floor,
    struct err *e)
{
	return space_check(q->directory, floor, store_journal_size(s), e);
}

int
room_check(
    const struct conf_queue *q, struct store *s, uint64_t more, struct err *e)
{
	uint64_t within, floor = q->free_space_min;

	if (floor < ROOM_MIN)
		floor = ROOM_MIN;
	floor += more;
	if (check(q, s, floor, e) == 0)
		return 0;
	if (store_journal_file(s) > JOURNAL_SMALL)
		(void)store_checkpoint(s, CHECKPOINT_TRUNCATE, NULL);
	if (store_room(s, &within, NULL) == -1)
		return -1;
	floor = within < floor - ROOM_MIN ? floor - within : ROOM_MIN;
	return check(q, s, floor, NULL);
}
