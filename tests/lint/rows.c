/* SPDX-License-Identifier: ISC */
/*
 * Prints each row of the catalogue of replies as docs/office365.md has to have
 * it; with an operand, of the refusals of token endpoints; for office365.sh.
 */
#include "config.h"

#include <stdio.h>

#include "mail/token_error.h"
#include "mail/verdict.h"

static const char *whose(enum verdict_class class)
{
	switch (class) {
	case VERDICT_CONNECTION:
	case VERDICT_CROWDED:
		return "connection";
	case VERDICT_ACCOUNT_HOLD:
	case VERDICT_NOT_OPTED:
	case VERDICT_ACCOUNT_WAIT:
		return "account";
	case VERDICT_DOUBTFUL:
	case VERDICT_LARGE:
	case VERDICT_MESSAGE_LATER:
	case VERDICT_MESSAGE_NEVER:
		return "message";
	case VERDICT_RECIPIENT_LATER:
	case VERDICT_RECIPIENT_NEVER:
		break;
	}
	return "recipient";
}

static const char *action(enum verdict_class class)
{
	switch (class) {
	case VERDICT_CONNECTION:
		return "backoff";
	case VERDICT_CROWDED:
		return "backoff, fewer connections";
	case VERDICT_ACCOUNT_HOLD:
	case VERDICT_NOT_OPTED:
		return "hold";
	case VERDICT_ACCOUNT_WAIT:
		return "wait";
	case VERDICT_DOUBTFUL:
		return "retry; backoff when it repeats";
	case VERDICT_LARGE:
		return "retry, fewer recipients";
	case VERDICT_MESSAGE_LATER:
	case VERDICT_RECIPIENT_LATER:
		return "retry";
	case VERDICT_MESSAGE_NEVER:
	case VERDICT_RECIPIENT_NEVER:
		break;
	}
	return "bounce";
}

static void
print_wait(unsigned wait_s)
{
	if (wait_s >= 3600)
		printf(" %uh", wait_s / 3600);
	else if (wait_s >= 60)
		printf(" %um", wait_s / 60);
	else if (wait_s > 0)
		printf(" %us", wait_s);
}

static int
print_token_errors(void)
{
	const struct token_error_row *r;
	size_t i;

	for (i = 0; (r = token_error_row(i)) != NULL; i++) {
		if (r->aadsts != 0)
			printf("| %llu ", (unsigned long long)r->aadsts);
		else
			printf("| %s ", r->error);
		printf("| %s", token_error_action(r));
		print_wait(r->wait_s);
		printf(" | %s | %s |\n", r->meaning, r->fix);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct verdict_row *r;
	size_t i;

	(void)argv;
	if (argc > 1)
		return print_token_errors();
	for (i = 0; (r = verdict_row(i)) != NULL; i++) {
		if (r->code != 0)
			printf("| %u ", r->code);
		else
			printf("| any ");
		printf("| %s | %s | %s | %s", r->status ? r->status : "any",
		    r->text ? r->text : "any", whose(r->class),
		    action(r->class));
		print_wait(r->wait_s);
		printf(" | %s | %s |\n", r->meaning, r->fix);
	}
	return 0;
}
