/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TOKEN_FILE_H
#define COMMON_TOKEN_FILE_H

/*
 * Where an account's refresh token lies: a file of queue.directory/tokens,
 * which only the program token writes.  The file holds the token alone, and a
 * line feed.
 */
#define TOKEN_FOLDER   "tokens"
#define TOKEN_FILE_MAX 256 /* with its NUL */

/*
 * The file's name: "account" for the plain account "", else "account." and the
 * name, in which whatever is no letter, digit, '-' or '_' is '%' and two
 * digits.  -1 when that is longer than a file system takes.
 */
int token_file_name(const char *account, char name[TOKEN_FILE_MAX]);

#endif
