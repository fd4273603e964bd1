/* SPDX-License-Identifier: ISC */
/*
 * Replays a corpus through a fuzz target, as an ordinary test with TAP output:
 *
 *	replay [file | folder]...
 *
 * Without operands it takes the folder tests/fuzz/corpus/NAME of the source
 * tree, NAME being the program's own.  A target that aborts ends the program
 * before its plan is fulfilled, which the test driver reports; the line before
 * names the file.  A folder without a file is a failure: a parser without a
 * corpus is not tested.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

struct paths {
	char **v;
	size_t n;
};

/* Nothing can be tested any more; TAP has words for it. */
static void __attribute__((noreturn, format(printf, 1, 2)))
bail_out(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

static char *
join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);

	if (path == NULL)
		bail_out("out of memory");
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static void
add(struct paths *paths, char *path)
{
	paths->v = realloc(paths->v, (paths->n + 1) * sizeof(*paths->v));
	if (paths->v == NULL)
		bail_out("out of memory");
	paths->v[paths->n++] = path;
}

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Adds the files of a folder in the order of their names, or the file. */
static void
collect(struct paths *paths, const char *path)
{
	struct dirent **names;
	struct stat st;
	int i, n;

	if (stat(path, &st) == -1)
		bail_out("%s: cannot be found", path);
	if (!S_ISDIR(st.st_mode)) {
		add(paths, join(".", path));
		return;
	}
	if ((n = scandir(path, &names, is_visible, alphasort)) == -1)
		bail_out("%s: cannot be listed", path);
	for (i = 0; i < n; i++) {
		add(paths, join(path, names[i]->d_name));
		free(names[i]);
	}
	free(names);
}

/* Returns the whole file in memory that ends where the file does. */
static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	if (file == NULL || fstat(fileno(file), &st) == -1)
		bail_out("%s: cannot be opened", path);
	*len = (size_t)st.st_size;
	/* malloc(0) may be NULL, which a parser of (p, 0) has to bear. */
	if ((p = malloc(*len)) == NULL && *len > 0)
		bail_out("out of memory");
	if (fread(p, 1, *len, file) != *len)
		bail_out("%s: cannot be read", path);
	fclose(file);
	return p;
}

static void
replay(size_t number, const char *path)
{
	size_t len;
	uint8_t *p = read_file(path, &len);

	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(p, len);
	printf("ok %zu - %s\n", number, strrchr(path, '/') + 1);
	free(p);
}

static void
collect_own(struct paths *paths, const char *program)
{
	const char *srcdir = getenv("top_srcdir");
	const char *slash = strrchr(program, '/');
	char *corpora, *own;

	corpora = join(srcdir == NULL ? "." : srcdir, "tests/fuzz/corpus");
	own = join(corpora, slash == NULL ? program : slash + 1);
	collect(paths, own);
	free(own);
	free(corpora);
}

int
main(int argc, char **argv)
{
	struct paths paths = { NULL, 0 };
	size_t i;
	int a;

	if (argc < 2)
		collect_own(&paths, argv[0]);
	for (a = 1; a < argc; a++)
		collect(&paths, argv[a]);
	if (paths.n == 0)
		bail_out("the corpus is empty");
	printf("1..%zu\n", paths.n);
	for (i = 0; i < paths.n; i++) {
		replay(i + 1, paths.v[i]);
		free(paths.v[i]);
	}
	free(paths.v);
	return 0;
}
