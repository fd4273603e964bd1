# unit tests of delivery/

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/body
tests_unit_body_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_body_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/command
tests_unit_command_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_command_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/conn
tests_unit_conn_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conn_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/ehlo
tests_unit_ehlo_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ehlo_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/base64url
tests_unit_base64url_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base64url_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/form
tests_unit_form_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_form_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/http_date
tests_unit_http_date_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_date_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_answer
tests_unit_token_answer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_answer_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_claims
tests_unit_token_claims_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_claims_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_key
tests_unit_token_key_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_key_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_store
tests_unit_token_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_store_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_text
tests_unit_token_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_text_LDADD = $(TOKEN_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/secret_ask
tests_unit_secret_ask_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_secret_ask_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/resolve
tests_unit_resolve_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_resolve_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
tests_unit_resolve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo \
	-Wl,--wrap=freeaddrinfo -Wl,--wrap=phase_limit_ms
check_PROGRAMS += tests/unit/sasl
tests_unit_sasl_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sasl_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/session
tests_unit_session_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_session_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/tls
tests_unit_tls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_tls_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
tests_unit_tls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=X509_cmp_current_time
check_PROGRAMS += tests/unit/tls_old
tests_unit_tls_old_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_tls_old_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/tls_seen
tests_unit_tls_seen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_tls_seen_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/transaction
tests_unit_transaction_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_transaction_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/trust
tests_unit_trust_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_trust_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/wipe
tests_unit_wipe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_wipe_LDADD = $(DELIVERY_LDADD) $(CMOCKA_LIBS)
tests_unit_wipe_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc \
	-Wl,--wrap=calloc -Wl,--wrap=free
endif
