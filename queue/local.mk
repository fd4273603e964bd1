noinst_LIBRARIES += libqueue.a
sbin_PROGRAMS += queue/mailchuted

libqueue_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(ZLIB_CFLAGS) \
	$(EVENT_CFLAGS)
libqueue_a_SOURCES = \
	queue/account.c queue/account.h \
	queue/account_ledger.c \
	queue/account_store.c \
	queue/admit.c queue/admit.h \
	queue/admit_log.c \
	queue/admit_priv.h \
	queue/alarm.c queue/alarm.h \
	queue/alarm_command.c queue/alarm_command.h \
	queue/alarm_kind.c \
	queue/alarm_priv.h \
	queue/alarm_text.c \
	queue/answer.c queue/answer.h \
	queue/answer_check.c \
	queue/ask.c queue/ask.h \
	queue/background.c queue/background.h \
	queue/ballast.c queue/ballast.h \
	queue/batch.c queue/batch.h \
	queue/bounce.c queue/bounce.h \
	queue/bound.c \
	queue/budget.c \
	queue/calendar.c queue/calendar.h \
	queue/caps.h \
	queue/checkers.c queue/checkers.h \
	queue/children.c queue/children.h \
	queue/chunk.c \
	queue/commit.c queue/commit.h \
	queue/control.c queue/control.h \
	queue/control_act.c \
	queue/control_change.c \
	queue/control_check.c \
	queue/control_devices.c \
	queue/control_follow.c \
	queue/control_legacy.c \
	queue/control_list.c \
	queue/control_listen.c \
	queue/control_metrics.c \
	queue/control_priv.h \
	queue/control_reason.c queue/control_reason.h \
	queue/control_status.c \
	queue/control_token.c \
	queue/control_trace.c \
	queue/control_turn.c \
	queue/control_why.c \
	queue/damage.c queue/damage.h \
	queue/damage_note.c queue/damage_note.h \
	queue/denied.c queue/denied.h \
	queue/device_store.c queue/device_store.h \
	queue/devices.c queue/devices.h \
	queue/dirs.c queue/dirs.h \
	queue/dispatch.c queue/dispatch.h \
	queue/dispatch_places.c \
	queue/dispatch_priv.h \
	queue/door_bind.c queue/door_bind.h \
	queue/door_pair.c queue/door_pair.h \
	queue/door_shut.c queue/door_shut.h \
	queue/door_trouble.c queue/door_trouble.h \
	queue/door_view.h \
	queue/doors.c queue/doors.h \
	queue/doors_conf.c \
	queue/doors_priv.h \
	queue/doors_view.c \
	queue/dropaway.c queue/dropaway.h \
	queue/dropdir.c queue/dropdir.h \
	queue/dropfile.c queue/dropfile.h \
	queue/dropodd.c queue/dropodd.h \
	queue/dropread.c queue/dropread.h \
	queue/dropturn.c queue/dropturn.h \
	queue/due.c \
	queue/engine.c queue/engine.h \
	queue/expand.c queue/expand.h \
	queue/expiry.c queue/expiry.h \
	queue/expiry_store.c queue/expiry_store.h \
	queue/expiry_words.c \
	queue/fewer.c queue/fewer.h \
	queue/figures.h \
	queue/flood.c queue/flood.h \
	queue/folders.c queue/folders.h \
	queue/footprint.c queue/footprint.h \
	queue/fork_servers.c queue/fork_servers.h \
	queue/gate.c queue/gate.h \
	queue/guesses.c queue/guesses.h \
	queue/guests.c queue/guests.h \
	queue/guests_ask.c \
	queue/guests_auth.c \
	queue/guests_priv.h \
	queue/guests_start.c \
	queue/hosts.c queue/hosts.h \
	queue/incoming.c queue/incoming.h \
	queue/intake.c queue/intake.h \
	queue/job.c queue/job.h \
	queue/journal.c \
	queue/knocks.c queue/knocks.h \
	queue/lane.c queue/lane.h \
	queue/lane_check.c \
	queue/lane_denied.c \
	queue/lane_failed.c \
	queue/lane_health.c \
	queue/lane_legacy.c \
	queue/lane_merge.c \
	queue/lane_next.c \
	queue/lane_priv.h \
	queue/lane_secret.c \
	queue/lane_share.c \
	queue/lane_token.c \
	queue/lane_try.c \
	queue/lane_worker.c \
	queue/legacy.c queue/legacy.h \
	queue/legacy_hint.c queue/legacy_hint.h \
	queue/legacy_store.c queue/legacy_store.h \
	queue/lent.c queue/lent.h \
	queue/letter.c queue/letter.h \
	queue/limits.c queue/limits.h \
	queue/listener.c queue/listener.h \
	queue/listing.c \
	queue/lock.c queue/lock.h \
	queue/logs.c queue/logs.h \
	queue/loop.c queue/loop.h \
	queue/manager.c queue/manager.h \
	queue/merge.c queue/merge.h \
	queue/merge_priv.h \
	queue/merge_write.c \
	queue/message.c \
	queue/migrate.c \
	queue/notice.c queue/notice.h \
	queue/once.c queue/once.h \
	queue/origin.c queue/origin.h \
	queue/pair_load.c queue/pair_load.h \
	queue/parent.c queue/parent.h \
	queue/parts.c queue/parts.h \
	queue/peer.h \
	queue/place.c \
	queue/proved.c queue/proved.h \
	queue/query.c \
	queue/queue_id.c queue/queue_id.h \
	queue/rates.c queue/rates.h \
	queue/rcpt.c \
	queue/recover.c \
	queue/refuse.c queue/refuse.h \
	queue/refuse_owner.c queue/refuse_owner.h \
	queue/reload.c queue/reload.h \
	queue/replace.c \
	queue/room.c queue/room.h \
	queue/salvage.c queue/salvage.h \
	queue/salvage_file.c \
	queue/salvage_priv.h \
	queue/salvage_sql.c \
	queue/schedule.c queue/schedule.h \
	queue/schema.c \
	queue/schema_1.c \
	queue/schema_2.c \
	queue/schema_3.c \
	queue/secret.c queue/secret.h \
	queue/secret_command.c queue/secret_command.h \
	queue/settle.c queue/settle.h \
	queue/share.c queue/share.h \
	queue/signin.c queue/signin.h \
	queue/since.c queue/since.h \
	queue/sockets.c queue/sockets.h \
	queue/sql.c queue/sql.h \
	queue/stall.c queue/stall.h \
	queue/state.c queue/state.h \
	queue/store.c queue/store.h \
	queue/store_priv.h \
	queue/submission.c \
	queue/submitter.h \
	queue/survey.c queue/survey.h \
	queue/tally.c \
	queue/times.c queue/times.h \
	queue/token_child.c queue/token_child.h \
	queue/token_errand.c queue/token_errand.h \
	queue/totals.c \
	queue/trace.c \
	queue/trial.c queue/trial.h \
	queue/tries.c queue/tries.h \
	queue/turned.c queue/turned.h \
	queue/unread.c queue/unread.h \
	queue/upkeep.c queue/upkeep.h \
	queue/vault.c queue/vault.h \
	queue/waiting.c queue/waiting.h \
	queue/whose.c queue/whose.h \
	queue/window.c queue/window.h \
	queue/worker.c queue/worker.h \
	queue/worker_priv.h \
	queue/worker_read.c

if SANDBOX_LINUX
libqueue_a_SOURCES += queue/caps_linux.c queue/peer_linux.c
else
libqueue_a_SOURCES += queue/caps_bsd.c queue/peer_bsd.c
endif

queue_mailchuted_SOURCES = queue/main.c
queue_mailchuted_LDADD = libqueue.a libmail.a libcommon.a $(EVENT_LIBS) \
	$(SQLITE_LIBS) $(ZLIB_LIBS) $(SECCOMP_LIBS) $(LIBBSD_LIBS)
