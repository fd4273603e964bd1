/* SPDX-License-Identifier: ISC */
/* libcurl, with everything off that is not wanted. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/clock.h"
#include "delivery/http_date.h"
#include "delivery/token_http.h"

#define HEADERS_MAX (32 * 1024)

struct token_http {
	CURL *curl;
	struct curl_slist *resolve;
	struct token_http_options o;
	bool is_local_end; /* watch ended */
	bool is_too_large;
	size_t headers; /* octets of them */
	struct token_http_answer *answer;
	char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ---- */

/* The socket is connected already, whatever address it asks for. */
static curl_socket_t
give_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct token_http *h = arg;
	int fd = token_dial_take(h->o.dial);

	(void)purpose;
	(void)address;
	return fd == -1 ? CURL_SOCKET_BAD : fd;
}

static int
say_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int
look_around(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
    curl_off_t ulnow)
{
	struct token_http *h = arg;
	struct pollfd p = { .fd = h->o.watch, .events = POLLRDHUP };

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	h->is_local_end = h->o.watch != -1 && poll(&p, 1, 0) > 0;
	return h->is_local_end ? 1 : 0;
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct token_http *h = arg;

	n *= size;
	if (buf_append(&h->answer->body, p, n) == 0)
		return n;
	h->is_too_large = true;
	return 0;
}

/* The value of that field, without blanks around it, if p is that. */
static bool
field(const char *p, size_t n, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(p, name, len) != 0 || p[len] != ':')
		return false;
	p += len + 1;
	n -= len + 1;
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL)
		n--;
	if (n >= size || memchr(p, '\0', n) != NULL)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct token_http *h = arg;
	struct token_http_answer *a = h->answer;
	char date[64];
	int64_t at;

	n *= size;
	h->headers += n;
	if (h->headers > HEADERS_MAX) {
		h->is_too_large = true;
		return 0;
	}
	if (field(p, n, "Date", date, sizeof(date)) &&
	    (at = http_date_parse(date)) > 0)
		a->server_at = at;
	(void)field(p, n, "Location", a->location, sizeof(a->location));
	(void)field(
	    p, n, "Retry-After", a->retry_after, sizeof(a->retry_after));
	return n;
}

/* ---- setting up ---- */

/* Each option has a type of its own, which the compiler checks. */
#define SET(option, value) \
	(rc = rc != CURLE_OK ? rc : curl_easy_setopt(c, option, value))

static CURLcode
set_protocols(CURL *c, bool is_https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(
	    c, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
#else
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS,
	    (long)(is_https ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
}

static CURLcode
set_limits(struct token_http *h)
{
	CURL *c = h->curl;
	CURLcode rc = set_protocols(c, h->o.url->is_https);

	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_VERBOSE, 0L);
	SET(CURLOPT_USERAGENT, "mailchute/" PACKAGE_VERSION);
	SET(CURLOPT_MAXFILESIZE, (long)TOKEN_BODY_MAX);
	/* "" is no proxy, and keeps what the environment says out. */
	SET(CURLOPT_PROXY, h->o.proxy == NULL ? "" : h->o.proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_RESOLVE, h->resolve);
	SET(CURLOPT_ERRORBUFFER, h->error);
	if (h->o.is_confined) {
		SET(CURLOPT_OPENSOCKETFUNCTION, give_socket);
		SET(CURLOPT_OPENSOCKETDATA, h);
		SET(CURLOPT_SOCKOPTFUNCTION, say_connected);
	}
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, h);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_XFERINFOFUNCTION, look_around);
	SET(CURLOPT_XFERINFODATA, h);
	SET(CURLOPT_NOPROGRESS, 0L);
	return rc;
}

/* The same certificates vouch for the server and for a proxy that has TLS. */
static CURLcode
set_tls(struct token_http *h)
{
	struct curl_blob trust = { (void *)(uintptr_t)h->o.trust->data,
		h->o.trust->len, CURL_BLOB_NOCOPY };
	CURL *c = h->curl;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CAINFO_BLOB, &trust);
	SET(CURLOPT_CAINFO, (char *)NULL);
	SET(CURLOPT_CAPATH, (char *)NULL);
	SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_PROXY_CAINFO_BLOB, &trust);
	SET(CURLOPT_PROXY_CAINFO, (char *)NULL);
	SET(CURLOPT_PROXY_CAPATH, (char *)NULL);
	return rc;
}

/* So that it asks no name service, which would need files and threads. */
static struct curl_slist *
make_resolve(const struct token_dial *d)
{
	bool is_ipv6 = strchr(d->address, ':') != NULL;
	char line[512];

	snprintf(line, sizeof(line), "%s:%u:%s%s%s", d->host, d->port,
	    is_ipv6 ? "[" : "", d->address, is_ipv6 ? "]" : "");
	return curl_slist_append(NULL, line);
}

struct token_http *
token_http_new(const struct token_http_options *o, struct err *e)
{
	struct token_http *h = calloc(1, sizeof(*h));
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (h != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		h->o = *o;
		h->resolve = make_resolve(o->dial);
		h->curl = curl_easy_init();
		if (h->curl != NULL && h->resolve != NULL)
			rc = set_limits(h);
		if (rc == CURLE_OK && o->trust != NULL)
			rc = set_tls(h);
	}
	if (rc == CURLE_OK)
		return h;
	err_set(e, ERR_LOCAL, "4.3.5", "libcurl: %s", curl_easy_strerror(rc));
	token_http_free(h);
	return NULL;
}

void
token_http_free(struct token_http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->resolve);
	free(h);
}

void
token_http_deadline(struct token_http *h, int64_t deadline_ms)
{
	h->o.deadline_ms = deadline_ms;
}

void
token_http_wipe(struct token_http_answer *a)
{
	buf_wipe(&a->body);
}

/* ---- asking ---- */

static CURLcode
set_request(struct token_http *h, const char *url, const struct buf *form,
    struct curl_slist *headers)
{
	int64_t left = h->o.deadline_ms - clock_mono_ms();
	CURL *c = h->curl;
	CURLcode rc = CURLE_OK;

	if (left <= 0)
		return CURLE_OPERATION_TIMEDOUT;
	SET(CURLOPT_URL, url);
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)left);
	SET(CURLOPT_HTTPHEADER, headers);
	if (form == NULL) {
		SET(CURLOPT_HTTPGET, 1L);
	} else {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE, (long)form->len);
		SET(CURLOPT_POSTFIELDS, form->data);
	}
	return rc;
}

static enum token_phase
phase_of(CURLcode rc)
{
	static const struct {
		CURLcode rc;
		enum token_phase phase;
	} known[] = {
		{ CURLE_COULDNT_RESOLVE_PROXY, TOKEN_PHASE_CONNECT },
		{ CURLE_COULDNT_RESOLVE_HOST, TOKEN_PHASE_CONNECT },
		{ CURLE_COULDNT_CONNECT, TOKEN_PHASE_CONNECT },
		{ CURLE_PROXY, TOKEN_PHASE_CONNECT },
		{ CURLE_SSL_CONNECT_ERROR, TOKEN_PHASE_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, TOKEN_PHASE_TLS },
		{ CURLE_SSL_CIPHER, TOKEN_PHASE_TLS },
		{ CURLE_SSL_ISSUER_ERROR, TOKEN_PHASE_TLS },
		{ CURLE_SSL_CACERT_BADFILE, TOKEN_PHASE_TLS },
		{ CURLE_SSL_INVALIDCERTSTATUS, TOKEN_PHASE_TLS },
		{ CURLE_SSL_CERTPROBLEM, TOKEN_PHASE_TLS },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].rc == rc)
			return known[i].phase;
	return TOKEN_PHASE_ANSWER;
}

static int
explain(const struct token_http *h, CURLcode rc, struct err *e)
{
	const struct token_http_options *o = &h->o;
	const char *why =
	    h->error[0] != '\0' ? h->error : curl_easy_strerror(rc);

	h->answer->phase = phase_of(rc);
	if (h->is_local_end)
		return err_set(
		    e, ERR_LOCAL, "4.3.2", "mailchuted ended this request");
	if (h->is_too_large || rc == CURLE_FILESIZE_EXCEEDED)
		return err_set(e, ERR_TEMP, "4.7.0",
		    "%s gave an answer that is too large", o->url->host);
	if (rc == CURLE_SSL_CACERT_BADFILE)
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "the trusted certificates (account.tls_ca_file) hold none: "
		    "%s",
		    why);
	return err_set(
	    e, ERR_TEMP, "4.7.0", "asking %s: %s", o->url->host, why);
}

int
token_http_ask(struct token_http *h, const char *url, const struct buf *form,
    const char *header, struct token_http_answer *a, struct err *e)
{
	struct curl_slist *headers = NULL, *more;
	long status = 0;
	CURLcode rc;

	memset(a, 0, sizeof(*a));
	buf_init(&a->body, TOKEN_BODY_MAX);
	h->answer = a;
	h->headers = 0;
	h->error[0] = '\0';
	h->is_too_large = false;
	headers = curl_slist_append(NULL, "Accept: application/json");
	/* Or large forms would wait for a word to go on. */
	if ((more = curl_slist_append(headers, "Expect:")) != NULL &&
	    header != NULL)
		more = curl_slist_append(more, header);
	rc = more == NULL ? CURLE_OUT_OF_MEMORY
			  : set_request(h, url, form, more);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(h->curl);
	if (rc == CURLE_OK)
		rc =
		    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	a->status = (unsigned)status;
	if (rc == CURLE_OK && status >= 100 && status <= 999)
		return 0;
	return explain(h, rc, e);
}
