if HAVE_CMOCKA
check_LIBRARIES += tests/unit/libqueuetest.a

queue_test_libs = tests/unit/libqueuetest.a libqueue.a libmail.a libcommon.a \
	$(EVENT_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) $(LIBBSD_LIBS) $(CMOCKA_LIBS)
queue_test_cflags = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(EVENT_CFLAGS) \
	$(CMOCKA_CFLAGS)

tests_unit_libqueuetest_a_CFLAGS = $(queue_test_cflags)
tests_unit_libqueuetest_a_SOURCES = \
	tests/unit/faultfs.c tests/unit/faultfs.h \
	tests/unit/office.c tests/unit/office.h \
	tests/unit/queue_fixture.c tests/unit/queue_fixture.h \
	tests/unit/queue_story.c tests/unit/queue_story.h \
	tests/unit/submission.c tests/unit/submission.h

check_PROGRAMS += \
	tests/fault/power \
	tests/unit/account \
	tests/unit/admit \
	tests/unit/admit_large \
	tests/unit/alarm \
	tests/unit/alarm_command \
	tests/unit/alarm_mail \
	tests/unit/answer \
	tests/unit/ask \
	tests/unit/ballast \
	tests/unit/batch tests/unit/batch_locked tests/unit/commit \
	tests/unit/bounce \
	tests/unit/bounce_asked \
	tests/unit/bounce_expired \
	tests/unit/control \
	tests/unit/upkeep \
	tests/unit/control_act \
	tests/unit/control_follow \
	tests/unit/control_metrics \
	tests/unit/control_reason \
	tests/unit/control_serve \
	tests/unit/control_share \
	tests/unit/control_status \
	tests/unit/control_trace \
	tests/unit/control_why \
	tests/unit/damage \
	tests/unit/denied \
	tests/unit/dice \
	tests/unit/dirs \
	tests/unit/dropaway \
	tests/unit/dropdir \
	tests/unit/dropdir_fair \
	tests/unit/dropdir_held \
	tests/unit/dropdir_round \
	tests/unit/dropfile \
	tests/unit/dropodd \
	tests/unit/dropturn \
	tests/unit/expand \
	tests/unit/account_crowd \
	tests/unit/fewer \
	tests/unit/filesource \
	tests/unit/folders \
	tests/unit/footprint \
	tests/unit/hosts \
	tests/unit/incoming \
	tests/unit/intake \
	tests/unit/intake_serve \
	tests/unit/legacy \
	tests/unit/legacy_hint \
	tests/unit/legacy_store \
	tests/unit/guesses \
	tests/unit/guests_auth \
	tests/unit/limits \
	tests/unit/lock \
	tests/unit/loop \
	tests/unit/manager \
	tests/unit/member \
	tests/unit/merge \
	tests/unit/merge_late \
	tests/unit/migrate \
	tests/unit/parts \
	tests/unit/notice_large \
	tests/unit/outage \
	tests/unit/proved \
	tests/unit/queue_id \
	tests/unit/recover \
	tests/unit/refuse \
	tests/unit/refuse_frames \
	tests/unit/room \
	tests/unit/route \
	tests/unit/salvage \
	tests/unit/schedule \
	tests/unit/secret \
	tests/unit/secret_command \
	tests/unit/session_describe \
	tests/unit/settle \
	tests/unit/budget_expect \
	tests/unit/flood \
	tests/unit/share \
	tests/unit/settle_judge \
	tests/unit/settle_record \
	tests/unit/sockets \
	tests/unit/spawn \
	tests/unit/sql \
	tests/unit/stall \
	tests/unit/state \
	tests/unit/children \
	tests/unit/token_child \
	tests/unit/vault \
	tests/unit/store \
	tests/unit/store_due \
	tests/unit/store_faults \
	tests/unit/store_journal \
	tests/unit/store_tally \
	tests/unit/store_list \
	tests/unit/store_mail \
	tests/unit/store_rcpt \
	tests/unit/store_reader \
	tests/unit/store_settings \
	tests/unit/store_trace \
	tests/unit/survey \
	tests/unit/times \
	tests/unit/waiting \
	tests/unit/worker

tests_fault_power_CFLAGS = $(queue_test_cflags)
tests_fault_power_LDADD = $(queue_test_libs)
tests_unit_ballast_CFLAGS = $(queue_test_cflags)
tests_unit_ballast_LDADD = $(queue_test_libs)
tests_unit_guests_auth_SOURCES = tests/unit/guests_auth.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_guests_auth_CFLAGS = $(queue_test_cflags)
tests_unit_guests_auth_LDADD = $(queue_test_libs)
tests_unit_guesses_CFLAGS = $(queue_test_cflags)
tests_unit_guesses_LDADD = $(queue_test_libs)
tests_unit_limits_CFLAGS = $(queue_test_cflags)
tests_unit_limits_LDADD = $(queue_test_libs)
tests_unit_manager_CFLAGS = $(queue_test_cflags)
tests_unit_manager_LDADD = $(queue_test_libs)
tests_unit_room_CFLAGS = $(queue_test_cflags)
tests_unit_room_LDADD = $(queue_test_libs)
tests_unit_folders_CFLAGS = $(queue_test_cflags)
tests_unit_folders_LDADD = $(queue_test_libs)
tests_unit_sockets_CFLAGS = $(queue_test_cflags)
tests_unit_sockets_LDADD = $(queue_test_libs)
tests_unit_survey_CFLAGS = $(queue_test_cflags)
tests_unit_survey_LDADD = $(queue_test_libs)
tests_unit_times_CFLAGS = $(queue_test_cflags)
tests_unit_times_LDADD = $(queue_test_libs)
tests_unit_loop_CFLAGS = $(queue_test_cflags)
tests_unit_loop_LDADD = $(queue_test_libs)
tests_unit_lock_CFLAGS = $(queue_test_cflags)
tests_unit_lock_LDADD = $(queue_test_libs)
tests_unit_migrate_CFLAGS = $(queue_test_cflags)
tests_unit_migrate_LDADD = $(queue_test_libs)
tests_unit_queue_id_CFLAGS = $(queue_test_cflags)
tests_unit_queue_id_LDADD = $(queue_test_libs)
tests_unit_damage_CFLAGS = $(queue_test_cflags)
tests_unit_damage_LDADD = $(queue_test_libs)
tests_unit_recover_CFLAGS = $(queue_test_cflags)
tests_unit_recover_LDADD = $(queue_test_libs)
tests_unit_salvage_CFLAGS = $(queue_test_cflags)
tests_unit_salvage_LDADD = $(queue_test_libs)
tests_unit_schedule_CFLAGS = $(queue_test_cflags)
tests_unit_schedule_LDADD = $(queue_test_libs)
tests_unit_sql_CFLAGS = $(queue_test_cflags)
tests_unit_sql_LDADD = $(queue_test_libs)
tests_unit_state_CFLAGS = $(queue_test_cflags)
tests_unit_state_LDADD = $(queue_test_libs)
tests_unit_store_CFLAGS = $(queue_test_cflags)
tests_unit_store_LDADD = $(queue_test_libs)
tests_unit_store_due_CFLAGS = $(queue_test_cflags)
tests_unit_store_due_LDADD = $(queue_test_libs)
tests_unit_store_faults_CFLAGS = $(queue_test_cflags)
tests_unit_store_faults_LDADD = $(queue_test_libs)
tests_unit_store_tally_CFLAGS = $(queue_test_cflags)
tests_unit_store_tally_LDADD = $(queue_test_libs)
tests_unit_store_journal_CFLAGS = $(queue_test_cflags)
tests_unit_store_journal_LDADD = $(queue_test_libs)
tests_unit_store_list_CFLAGS = $(queue_test_cflags)
tests_unit_store_list_LDADD = $(queue_test_libs)
tests_unit_store_mail_CFLAGS = $(queue_test_cflags)
tests_unit_store_mail_LDADD = $(queue_test_libs)
tests_unit_store_reader_CFLAGS = $(queue_test_cflags)
tests_unit_store_reader_LDADD = $(queue_test_libs)
tests_unit_store_settings_CFLAGS = $(queue_test_cflags)
tests_unit_store_settings_LDADD = $(queue_test_libs)
tests_unit_store_rcpt_CFLAGS = $(queue_test_cflags)
tests_unit_store_rcpt_LDADD = $(queue_test_libs)
tests_unit_account_crowd_CFLAGS = $(queue_test_cflags)
tests_unit_account_crowd_LDADD = $(queue_test_libs)
tests_unit_fewer_CFLAGS = $(queue_test_cflags)
tests_unit_fewer_LDADD = $(queue_test_libs)
tests_unit_account_CFLAGS = $(queue_test_cflags)
tests_unit_account_LDADD = $(queue_test_libs)
tests_unit_batch_CFLAGS = $(queue_test_cflags)
tests_unit_batch_LDADD = $(queue_test_libs)
tests_unit_batch_locked_SOURCES = tests/unit/batch_locked.c $(virtual)
tests_unit_batch_locked_CFLAGS = $(queue_test_cflags)
tests_unit_batch_locked_LDADD = $(queue_test_libs)
tests_unit_commit_CFLAGS = $(queue_test_cflags)
tests_unit_commit_LDADD = $(queue_test_libs)
tests_unit_commit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sqlite3_step
tests_unit_dropdir_CFLAGS = $(queue_test_cflags)
tests_unit_dropdir_LDADD = $(queue_test_libs)
tests_unit_intake_CFLAGS = $(queue_test_cflags)
tests_unit_intake_LDADD = $(queue_test_libs)
tests_unit_dropfile_CFLAGS = $(queue_test_cflags)
tests_unit_dropfile_LDADD = $(queue_test_libs)
tests_unit_settle_CFLAGS = $(queue_test_cflags)
tests_unit_settle_LDADD = $(queue_test_libs)
# These are of a later day: they have a schema of their own.
version_4 = tests/unit/version_4.c tests/unit/version_4.h
check_PROGRAMS += tests/unit/upgrade tests/unit/upgrade_faults \
	tests/unit/upgrade_salvage
tests_unit_upgrade_SOURCES = tests/unit/upgrade.c $(version_4)
tests_unit_upgrade_CFLAGS = $(queue_test_cflags)
tests_unit_upgrade_LDADD = $(queue_test_libs)
tests_unit_upgrade_faults_SOURCES = tests/unit/upgrade_faults.c $(version_4)
tests_unit_upgrade_faults_CFLAGS = $(queue_test_cflags)
tests_unit_upgrade_faults_LDADD = $(queue_test_libs)
tests_unit_upgrade_salvage_SOURCES = tests/unit/upgrade_salvage.c $(version_4)
tests_unit_upgrade_salvage_CFLAGS = $(queue_test_cflags)
tests_unit_upgrade_salvage_LDADD = $(queue_test_libs)
notice_rig = tests/unit/notice_rig.c tests/unit/notice_rig.h \
	tests/unit/settle_rig.c tests/unit/settle_rig.h
tests_unit_bounce_SOURCES = tests/unit/bounce.c $(notice_rig)
tests_unit_bounce_CFLAGS = $(queue_test_cflags)
tests_unit_bounce_LDADD = $(queue_test_libs)
tests_unit_notice_large_SOURCES = tests/unit/notice_large.c \
	tests/unit/settle_rig.c tests/unit/settle_rig.h
tests_unit_notice_large_CFLAGS = $(queue_test_cflags)
tests_unit_notice_large_LDADD = $(queue_test_libs)
tests_unit_bounce_asked_SOURCES = tests/unit/bounce_asked.c $(notice_rig)
tests_unit_bounce_asked_CFLAGS = $(queue_test_cflags)
tests_unit_bounce_asked_LDADD = $(queue_test_libs)
merge_rig = tests/unit/merge_rig.c tests/unit/merge_rig.h $(notice_rig)
tests_unit_merge_SOURCES = tests/unit/merge.c $(merge_rig)
tests_unit_merge_CFLAGS = $(queue_test_cflags)
tests_unit_merge_LDADD = $(queue_test_libs)
tests_unit_merge_late_SOURCES = tests/unit/merge_late.c $(merge_rig)
tests_unit_merge_late_CFLAGS = $(queue_test_cflags)
tests_unit_merge_late_LDADD = $(queue_test_libs)
tests_unit_waiting_CFLAGS = $(queue_test_cflags)
tests_unit_waiting_LDADD = $(queue_test_libs)
tests_unit_bounce_expired_SOURCES = tests/unit/bounce_expired.c $(notice_rig)
tests_unit_bounce_expired_CFLAGS = $(queue_test_cflags)
tests_unit_bounce_expired_LDADD = $(queue_test_libs)
tests_unit_session_describe_SOURCES = tests/unit/session_describe.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_session_describe_CFLAGS = $(queue_test_cflags)
tests_unit_session_describe_LDADD = $(queue_test_libs)
tests_unit_expand_CFLAGS = $(queue_test_cflags)
tests_unit_expand_LDADD = $(queue_test_libs)
tests_unit_secret_command_CFLAGS = $(queue_test_cflags)
tests_unit_secret_command_LDADD = $(queue_test_libs)
# Compiled once more, with programs that the test makes.
tests_unit_children_SOURCES = tests/unit/children.c queue/children.c \
	tests/unit/queue_fixture.c tests/unit/queue_fixture.h
tests_unit_children_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/children-programs"'
tests_unit_children_CFLAGS = $(queue_test_cflags)
tests_unit_children_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_token_child_SOURCES = tests/unit/token_child.c \
	tests/unit/queue_fixture.c tests/unit/queue_fixture.h
tests_unit_token_child_CFLAGS = $(queue_test_cflags)
tests_unit_token_child_LDADD = $(queue_test_libs)
tests_unit_vault_SOURCES = tests/unit/vault.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_vault_CFLAGS = $(queue_test_cflags)
tests_unit_vault_LDADD = $(queue_test_libs)
tests_unit_secret_CFLAGS = $(queue_test_cflags)
tests_unit_secret_LDADD = $(queue_test_libs)
tests_unit_filesource_CFLAGS = $(queue_test_cflags)
tests_unit_filesource_LDADD = $(queue_test_libs)
tests_unit_footprint_CFLAGS = $(queue_test_cflags)
tests_unit_footprint_LDADD = $(queue_test_libs)
tests_unit_member_CFLAGS = $(queue_test_cflags)
tests_unit_member_LDADD = $(queue_test_libs)
tests_unit_route_CFLAGS = $(queue_test_cflags)
tests_unit_route_LDADD = $(queue_test_libs)
tests_unit_ask_CFLAGS = $(queue_test_cflags)
tests_unit_ask_LDADD = $(queue_test_libs)
tests_unit_admit_SOURCES = tests/unit/admit.c \
	tests/unit/admit_rig.c tests/unit/admit_rig.h
tests_unit_admit_CFLAGS = $(queue_test_cflags)
tests_unit_admit_LDADD = $(queue_test_libs)
tests_unit_legacy_CFLAGS = $(queue_test_cflags)
tests_unit_legacy_LDADD = $(queue_test_libs)
tests_unit_legacy_hint_CFLAGS = $(queue_test_cflags)
tests_unit_legacy_hint_LDADD = $(queue_test_libs)
tests_unit_legacy_store_CFLAGS = $(queue_test_cflags)
tests_unit_legacy_store_LDADD = $(queue_test_libs)
tests_unit_proved_CFLAGS = $(queue_test_cflags)
tests_unit_proved_LDADD = $(queue_test_libs)
tests_unit_hosts_CFLAGS = $(queue_test_cflags)
tests_unit_hosts_LDADD = $(queue_test_libs)
tests_unit_incoming_CFLAGS = $(queue_test_cflags)
tests_unit_incoming_LDADD = $(queue_test_libs)
tests_unit_intake_serve_CFLAGS = $(queue_test_cflags)
tests_unit_intake_serve_LDADD = $(queue_test_libs)
tests_unit_control_SOURCES = tests/unit/control.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_CFLAGS = $(queue_test_cflags)
tests_unit_control_LDADD = $(queue_test_libs)
tests_unit_upkeep_SOURCES = tests/unit/upkeep.c $(virtual)
tests_unit_upkeep_CFLAGS = $(queue_test_cflags)
tests_unit_upkeep_LDADD = $(queue_test_libs)
tests_unit_control_act_SOURCES = tests/unit/control_act.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_act_CFLAGS = $(queue_test_cflags)
tests_unit_control_act_LDADD = $(queue_test_libs)
tests_unit_control_reason_CFLAGS = $(queue_test_cflags)
tests_unit_control_reason_LDADD = $(queue_test_libs)
tests_unit_control_serve_SOURCES = tests/unit/control_serve.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_serve_CFLAGS = $(queue_test_cflags)
tests_unit_control_serve_LDADD = $(queue_test_libs)
tests_unit_control_follow_SOURCES = tests/unit/control_follow.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_follow_CFLAGS = $(queue_test_cflags)
tests_unit_control_follow_LDADD = $(queue_test_libs)
tests_unit_control_share_SOURCES = tests/unit/control_share.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_share_CFLAGS = $(queue_test_cflags)
tests_unit_control_share_LDADD = $(queue_test_libs)
tests_unit_control_metrics_SOURCES = tests/unit/control_metrics.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_metrics_CFLAGS = $(queue_test_cflags)
tests_unit_control_metrics_LDADD = $(queue_test_libs)
tests_unit_control_status_SOURCES = tests/unit/control_status.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_status_CFLAGS = $(queue_test_cflags)
tests_unit_control_status_LDADD = $(queue_test_libs)
tests_unit_control_trace_SOURCES = tests/unit/control_trace.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_trace_CFLAGS = $(queue_test_cflags)
tests_unit_control_trace_LDADD = $(queue_test_libs)
tests_unit_store_trace_CFLAGS = $(queue_test_cflags)
tests_unit_store_trace_LDADD = $(queue_test_libs)
tests_unit_control_why_SOURCES = tests/unit/control_why.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_control_why_CFLAGS = $(queue_test_cflags)
tests_unit_control_why_LDADD = $(queue_test_libs)
virtual = tests/unit/virtual.c tests/unit/virtual.h
tests_unit_outage_SOURCES = tests/unit/outage.c $(virtual) \
	tests/unit/courier.c tests/unit/courier.h \
	tests/unit/exchange_limits.c tests/unit/exchange_limits.h \
	tests/unit/outage_rig.c tests/unit/outage_rig.h
tests_unit_outage_CFLAGS = $(queue_test_cflags)
tests_unit_outage_LDADD = $(queue_test_libs)
tests_unit_outage_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ask_deliver \
	-Wl,--wrap=ask_kill
tests_unit_parts_SOURCES = tests/unit/parts.c \
	tests/unit/admit_rig.c tests/unit/admit_rig.h \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_parts_CFLAGS = $(queue_test_cflags)
tests_unit_parts_LDADD = $(queue_test_libs)


tests_unit_denied_SOURCES = tests/unit/denied.c
tests_unit_denied_CFLAGS = $(queue_test_cflags)
tests_unit_denied_LDADD = $(queue_test_libs)



tests_unit_budget_expect_SOURCES = tests/unit/budget_expect.c
tests_unit_budget_expect_CFLAGS = $(queue_test_cflags)
tests_unit_budget_expect_LDADD = $(queue_test_libs)
tests_unit_flood_SOURCES = tests/unit/flood.c
tests_unit_flood_CFLAGS = $(queue_test_cflags)
tests_unit_flood_LDADD = $(queue_test_libs)
tests_unit_share_SOURCES = tests/unit/share.c
tests_unit_share_CFLAGS = $(queue_test_cflags)
tests_unit_share_LDADD = $(queue_test_libs)
tests_unit_worker_CFLAGS = $(queue_test_cflags)
tests_unit_worker_LDADD = $(queue_test_libs)
tests_unit_dropaway_CFLAGS = $(queue_test_cflags)
tests_unit_dropaway_LDADD = $(queue_test_libs)
tests_unit_dropodd_CFLAGS = $(queue_test_cflags)
tests_unit_dropodd_LDADD = $(queue_test_libs)
tests_unit_dropturn_CFLAGS = $(queue_test_cflags)
tests_unit_dropturn_LDADD = $(queue_test_libs)
tests_unit_dropdir_fair_SOURCES = tests/unit/dropdir_fair.c $(drop_rig)
tests_unit_dropdir_fair_CFLAGS = $(queue_test_cflags)
tests_unit_dropdir_fair_LDADD = $(queue_test_libs)
tests_unit_refuse_SOURCES = tests/unit/refuse.c $(drop_rig) $(notice_rig)
tests_unit_refuse_frames_SOURCES = tests/unit/refuse_frames.c $(drop_rig)
tests_unit_refuse_frames_CFLAGS = $(queue_test_cflags)
tests_unit_refuse_frames_LDADD = $(queue_test_libs)
tests_unit_refuse_CFLAGS = $(queue_test_cflags)
tests_unit_refuse_LDADD = $(queue_test_libs)
drop_rig = tests/unit/drop_rig.c tests/unit/drop_rig.h
tests_unit_dropdir_held_SOURCES = tests/unit/dropdir_held.c $(drop_rig)
tests_unit_dropdir_held_CFLAGS = $(queue_test_cflags)
tests_unit_dropdir_held_LDADD = $(queue_test_libs)
tests_unit_dropdir_round_SOURCES = tests/unit/dropdir_round.c $(drop_rig)
tests_unit_dropdir_round_CFLAGS = $(queue_test_cflags)
tests_unit_dropdir_round_LDADD = $(queue_test_libs)
tests_unit_answer_CFLAGS = $(queue_test_cflags)
tests_unit_answer_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_admit_large_SOURCES = tests/unit/admit_large.c \
	tests/unit/admit_rig.c tests/unit/admit_rig.h
tests_unit_admit_large_CFLAGS = $(queue_test_cflags)
tests_unit_admit_large_LDADD = $(queue_test_libs)
tests_unit_settle_judge_CFLAGS = $(queue_test_cflags)
tests_unit_settle_judge_LDADD = $(queue_test_libs)
tests_unit_settle_record_SOURCES = tests/unit/settle_record.c \
	tests/unit/settle_rig.c tests/unit/settle_rig.h
tests_unit_settle_record_CFLAGS = $(queue_test_cflags)
tests_unit_settle_record_LDADD = $(queue_test_libs)
tests_unit_dice_SOURCES = tests/unit/dice.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_dice_CFLAGS = $(queue_test_cflags)
tests_unit_dice_LDADD = $(queue_test_libs)
tests_unit_dirs_CFLAGS = $(queue_test_cflags)
tests_unit_dirs_LDADD = $(queue_test_libs)
alarm_rig = tests/unit/alarm_rig.c tests/unit/alarm_rig.h \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_alarm_SOURCES = tests/unit/alarm.c $(alarm_rig)
tests_unit_alarm_CFLAGS = $(queue_test_cflags)
tests_unit_alarm_LDADD = $(queue_test_libs)
tests_unit_alarm_mail_SOURCES = tests/unit/alarm_mail.c $(alarm_rig)
tests_unit_alarm_mail_CFLAGS = $(queue_test_cflags)
tests_unit_alarm_mail_LDADD = $(queue_test_libs)
tests_unit_alarm_command_CFLAGS = $(queue_test_cflags)
tests_unit_alarm_command_LDADD = $(queue_test_libs)
tests_unit_stall_CFLAGS = $(queue_test_cflags)
tests_unit_stall_LDADD = $(queue_test_libs)
tests_unit_spawn_CFLAGS = $(queue_test_cflags)
tests_unit_spawn_LDADD = $(queue_test_libs)
endif
