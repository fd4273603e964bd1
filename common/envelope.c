/* SPDX-License-Identifier: ISC */
/* Life cycle of an envelope; it is plain data otherwise. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/envelope.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"

void
envelope_init(struct envelope *env)
{
	memset(env, 0, sizeof(*env));
}

void
envelope_clear(struct envelope *env)
{
	size_t i;

	for (i = 0; i < env->nrcpts; i++) {
		free(env->rcpts[i].address);
		free(env->rcpts[i].orcpt);
	}
	free(env->rcpts);
	free(env->sender);
	free(env->envid);
	free(env->from);
	free(env->message_id);
	strlist_clear(&env->authors.others);
	envelope_init(env);
}

char *
envelope_text(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (text == NULL || *text == '\0' || strlen(text) > SUBMIT_TEXT_MAX)
		return NULL;
	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return NULL;
	return xstrdup(text);
}

struct envelope_rcpt *
envelope_add(struct envelope *env, const char *address)
{
	struct envelope_rcpt *r;

	/* Room doubles, or 100,000 recipients would be copied 100,000 times. */
	if ((env->nrcpts & (env->nrcpts - 1)) == 0)
		env->rcpts = xreallocarray(env->rcpts,
		    env->nrcpts == 0 ? 1 : 2 * env->nrcpts,
		    sizeof(*env->rcpts));
	r = &env->rcpts[env->nrcpts++];
	memset(r, 0, sizeof(*r));
	r->address = xstrdup(address);
	return r;
}
