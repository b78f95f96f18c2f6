"""By which test each verb is seen to write and to leave an audit line, of itself or of the verb that called it.

By file and test, the verbs. `tests.audited` fails the test when one of them did not; a new verb is added here.
"""

SEEN_BY: dict[str, dict[str, tuple[str, ...]]] = {
    "tests/accounts/book/test_adding.py": {
        "test_it_gets_facts_right_away": ("accounts.book.verbs.add_account",),
    },
    "tests/accounts/contacts/test_erasure.py": {
        "test_the_browser_asks_first": ("accounts.contacts.erasure.erase",),
        "test_the_export_has_every_table": ("accounts.contacts.export.export_contact",),
    },
    "tests/accounts/contacts/test_quiz.py": {
        "test_customer_success_makes_the_link_and_sees_the_answers": ("accounts.contacts.quiz.make_link",),
    },
    "tests/accounts/contacts/test_retention.py": {
        "test_it_is_set_in_the_browser": ("accounts.contacts.retention.keep_for",),
    },
    "tests/accounts/contacts/test_roles.py": {
        "test_there_is_one_champion_and_the_audit_knows_no_name": ("accounts.contacts.verbs.set_role",),
    },
    "tests/accounts/files/test_import.py": {
        "test_tickets_and_scores_come_in": ("accounts.intake.files.importing.import_file",),
    },
    "tests/accounts/files/test_in_browser.py": {
        "test_discarding": ("accounts.intake.files.uploads.discard_upload",),
        "test_from_the_upload_to_the_summary": (
            "accounts.intake.files.importing.take_chunks",
            "accounts.intake.files.uploads.keep_upload",
            "accounts.intake.files.uploads.start_import",
            "loyalty.core.csv.csv_response",
        ),
    },
    "tests/accounts/intake/test_replaying.py": {
        "test_on_the_page": (
            "accounts.intake.replaying.replay",
            "accounts.intake.replaying.replay_alike",
        ),
    },
    "tests/accounts/milestones/test_pages.py": {
        "test_a_draft_goes_live_at_once_for_product": (
            "accounts.milestones.verbs.create_milestone",
            "accounts.milestones.verbs.write_version",
        ),
        "test_the_first_list_of_key_actions_is_saved_and_the_next_is_proposed": (
            "accounts.milestones.key_actions.write",
        ),
    },
    "tests/accounts/privacy/test_consent.py": {
        "test_what_has_not_reached_anybody_is_no_longer_addressed_to_whom_withdraws": (
            "accounts.privacy.verbs.record_consent",
        ),
    },
    "tests/accounts/segments/test_scores_page.py": {
        "test_another_measure_of_money_is_decided_by_finance": ("accounts.facts.scores.verbs.pick_monetary",),
    },
    "tests/accounts/segments/test_verbs.py": {
        "test_versions_keep_the_terms_of_their_time": (
            "accounts.segments.verbs.create_segment",
            "accounts.segments.verbs.write_version",
        ),
    },
    "tests/accounts/sources/test_pages.py": {
        "test_rotating_and_revoking": (
            "accounts.sources.verbs.create_source",
            "accounts.sources.verbs.make_key",
            "accounts.sources.verbs.revoke_key",
        ),
        "test_what_an_administrator_sets_on_the_page_of_a_source": (
            "accounts.sources.verbs.expect_every",
            "accounts.sources.verbs.make_system_of_record",
        ),
    },
    "tests/accounts/sources/test_secrets.py": {
        "test_a_secret_is_stored_sealed_and_comes_back": ("accounts.sources.secrets.make_secret",),
    },
    "tests/accounts/sources/test_signing_pages.py": {
        "test_a_secret_is_revoked": (
            "accounts.sources.secrets.keep_secret",
            "accounts.sources.secrets.revoke_secret",
        ),
    },
    "tests/accounts/streaks/test_pages.py": {
        "test_others_make_no_draft": ("accounts.streaks.verbs.create_streak",),
    },
    "tests/accounts/streaks/test_reaching.py": {
        "test_new_terms_fire_only_for_what_comes_after_them": ("accounts.streaks.verbs.write_version",),
    },
    "tests/core/absence/test_absence.py": {
        "test_the_page_hands_on_and_takes_back": (
            "loyalty.core.absence.verbs.delegate",
            "loyalty.core.absence.verbs.end",
        ),
    },
    "tests/core/changes/test_in_time.py": {
        "test_a_draft_that_live_has_overtaken_is_submitted_against_what_is_live": (
            "loyalty.core.changes.steps.step",
            "loyalty.core.changes.steps.tell",
            "loyalty.core.changes.steps.telling_refusals",
            "loyalty.core.changes.verbs.approve",
            "loyalty.core.changes.verbs.propose_or_apply",
            "loyalty.core.changes.verbs.restore",
            "loyalty.core.changes.verbs.submit",
        ),
        "test_changes_are_asked_for_and_made": (
            "loyalty.core.changes.verbs.ask_for_changes",
            "loyalty.core.changes.verbs.edit",
        ),
        "test_who_sets_the_day_no_longer_decides": ("loyalty.core.changes.verbs.set_day",),
    },
    "tests/core/changes/test_pages.py": {
        "test_comments_and_withdrawal": (
            "loyalty.core.changes.verbs.comment",
            "loyalty.core.changes.verbs.withdraw",
        ),
        "test_rejecting_needs_a_reason": ("loyalty.core.changes.verbs.reject",),
    },
    "tests/core/jobs/test_running.py": {
        "test_cancelled_while_it_waits": (
            "loyalty.core.jobs.verbs.cancel_job",
            "loyalty.core.jobs.verbs.start_job",
        ),
    },
    "tests/core/notices/test_telling.py": {
        "test_each_way_at_its_own_pace": ("loyalty.core.notices.choosing.choose",),
    },
    "tests/core/people/test_company_sign_in.py": {
        "test_a_person_is_known_by_their_number_and_an_address_that_went_to_somebody_else_opens_nothing": (
            "loyalty.core.people.company.unlink",
        ),
    },
    "tests/core/people/test_create_person.py": {
        "test_an_administrator_makes_a_person": ("loyalty.core.people.verbs.create_person",),
    },
    "tests/core/people/test_managing.py": {
        "test_a_link_holds_for_three_days_and_for_one_person": (
            "loyalty.core.people.managing.deactivate",
            "loyalty.core.people.managing.invite",
            "loyalty.core.people.managing.link_for",
        ),
        "test_a_new_password_needs_the_old_one_and_signs_out_elsewhere": ("loyalty.core.people.verbs.change_password",),
        "test_a_person_sees_where_they_are_signed_in_and_ends_the_others": (
            "loyalty.core.people.sessions.end_others",
            "loyalty.core.people.verbs.tell_sign_out",
        ),
        "test_seats_are_set_and_hold_at_once": ("loyalty.core.people.managing.change_person",),
        "test_who_leaves_is_outside_at_once_and_their_drafts_are_withdrawn": (
            "loyalty.core.people.managing.reactivate",
        ),
    },
    "tests/core/people/test_second_factor.py": {
        "test_an_administrator_takes_away_what_was_lost": ("loyalty.core.people.second_factor.reset",),
        "test_it_is_set_up_and_dropped_in_the_browser": (
            "loyalty.core.people.second_factor.confirm",
            "loyalty.core.people.second_factor.drop",
            "loyalty.core.people.second_factor.renew_recovery_codes",
        ),
    },
    "tests/rewards/affordability/test_room.py": {
        "test_the_first_setting_of_finance_holds_at_once": ("rewards.affordability.verbs.write_version",),
    },
    "tests/rewards/approvals/test_queue.py": {
        "test_a_view_is_kept_shared_and_removed": (
            "rewards.approvals.saved.keep_view",
            "rewards.approvals.saved.remove_view",
        ),
        "test_what_is_done_beside_the_list": (
            "rewards.approvals.revising.revise",
            "rewards.approvals.shelving.reassign",
            "rewards.approvals.shelving.snooze",
            "rewards.approvals.shelving.wake",
            "rewards.approvals.talking.comment",
        ),
    },
    "tests/rewards/approvals/test_rules_as_data.py": {
        "test_a_new_rule_calls_on_nobody_until_it_is_in_force": (
            "rewards.approvals.required.verbs.create_rule",
            "rewards.approvals.required.verbs.make_rule",
        ),
        "test_the_pages_show_edit_and_restore": ("rewards.approvals.required.verbs.write_version",),
    },
    "tests/rewards/approvals/test_times.py": {
        "test_an_edit_is_a_request_that_a_colleague_decides": ("rewards.approvals.times.apply",),
    },
    "tests/rewards/approvals/test_undoing.py": {
        "test_a_rejection_is_taken_back_with_its_room": ("rewards.approvals.undoing.undo",),
        "test_what_changed_meanwhile_is_named_and_left": (
            "rewards.approvals.undoing.undo_all",
            "rewards.approvals.verbs.approve",
            "rewards.approvals.verbs.decide_all",
            "rewards.approvals.verbs.reject",
        ),
    },
    "tests/rewards/breakage/test_months.py": {
        "test_three_periods_on_the_books": ("rewards.breakage.verbs.write_version",),
    },
    "tests/rewards/campaigns/test_funnel.py": {
        "test_each_figure_has_its_list": (
            "rewards.ledger.verbs.take_back",
            "rewards.offers.granting.grant_approved",
        ),
    },
    "tests/rewards/campaigns/test_life.py": {
        "test_an_edit_of_what_does_not_run_applies_at_once_and_voids_the_approvals": (
            "rewards.campaigns.verbs.add_campaign",
            "rewards.campaigns.verbs.approve_campaign",
            "rewards.campaigns.verbs.create_campaign",
            "rewards.campaigns.verbs.move_campaign",
            "rewards.campaigns.verbs.write_version",
        ),
    },
    "tests/rewards/campaigns/test_renewals.py": {
        "test_what_was_handed_over_and_is_taken_back_is_over": ("rewards.offers.withdrawing.withdraw",),
    },
    "tests/rewards/caps/test_setting.py": {
        "test_lowering_a_live_cap_below_what_is_committed_says_so_and_needs_a_colleague": (
            "rewards.caps.changing.apply",
            "rewards.caps.setting.create_cap",
            "rewards.caps.setting.write_change",
        ),
    },
    "tests/rewards/catalogue/test_catalogue.py": {
        "test_an_owners_draft_is_saved_at_once_and_nobody_elses": (
            "rewards.catalogue.verbs.create_reward",
            "rewards.catalogue.verbs.write_version",
        ),
    },
    "tests/rewards/closing/test_closing.py": {
        "test_reopening_takes_two_of_finance_and_a_reason": (
            "rewards.closing.verbs.close_month",
            "rewards.closing.verbs.reopen",
        ),
        "test_the_journal_is_balanced_and_names_the_codes_of_finance": ("rewards.closing.verbs.write_codes",),
    },
    "tests/rewards/delivery/test_api.py": {
        "test_keys_in_the_browser": (
            "rewards.delivery.api.keys.make_key",
            "rewards.delivery.api.keys.revoke_key",
        ),
    },
    "tests/rewards/delivery/test_billing_pages.py": {
        "test_a_key_is_tried_sealed_and_never_shown": ("rewards.delivery.billing.connecting.disconnect",),
        "test_stripe_can_be_chosen_once_it_is_connected": (
            "rewards.delivery.billing.connecting.connect",
            "rewards.delivery.invoices.verbs.write_settings",
        ),
    },
    "tests/rewards/delivery/test_sending.py": {
        "test_paused_by_hand_it_waits": (
            "rewards.delivery.outgoing.endpoints.create_endpoint",
            "rewards.delivery.outgoing.endpoints.pause",
            "rewards.delivery.outgoing.endpoints.resume",
            "rewards.delivery.outgoing.secrets.make_secret",
        ),
        "test_secrets_overlap_and_the_last_one_stays": ("rewards.delivery.outgoing.secrets.revoke_secret",),
    },
    "tests/rewards/delivery/test_stripe_credits.py": {
        "test_days_of_silence_are_a_case_for_a_person": ("rewards.delivery.invoices.verbs.send_again",),
    },
    "tests/rewards/delivery/test_tasks.py": {
        "test_set_in_the_browser": ("rewards.delivery.tasks.verbs.assign",),
    },
    "tests/rewards/delivery/test_webhook_pages.py": {
        "test_a_name_is_taken_once_and_an_edit_is_audited": ("rewards.delivery.outgoing.endpoints.edit_endpoint",),
        "test_the_log_its_tries_and_sending_again": ("rewards.delivery.outgoing.endpoints.send_again",),
    },
    "tests/rewards/fit/test_matrix.py": {
        "test_a_rule_in_force_changes_by_the_decision_of_whoever_owns_its_rewards": (
            "rewards.fit.verbs.write_version",
        ),
        "test_the_page_tells_the_matrix_and_exports_it": (
            "rewards.fit.verbs.create_rule",
            "rewards.fit.verbs.tell_made",
        ),
    },
    "tests/rewards/ledger/test_invoices.py": {
        "test_a_void_after_a_refund_gives_back_the_rest": ("rewards.ledger.invoices.give_back",),
        "test_what_comes_back_after_its_day_expires_at_once": (
            "rewards.ledger.invoices.redeem_up_to",
            "rewards.ledger.invoices.void",
            "rewards.ledger.verbs.expire_lot",
            "rewards.ledger.verbs.redeem",
            "rewards.ledger.verbs.reverse_redemption",
            "rewards.ledger.writing.write_posting",
        ),
    },
    "tests/rewards/ledger/test_correcting.py": {
        "test_an_issue_takes_its_offer_and_its_room_along": ("rewards.ledger.correcting.correct",),
    },
    "tests/rewards/ledger/test_issuing.py": {
        "test_twice_is_once": ("rewards.ledger.issuing.issue_credits",),
    },
    "tests/rewards/ledger/test_machine.py": {
        "test_the_books_always_add_up": (
            "rewards.ledger.verbs.issue_credit",
            "rewards.ledger.verbs.reverse",
        ),
    },
    "tests/rewards/offers/test_handing.py": {
        "test_delivered_and_accepted": ("rewards.offers.handing.accept",),
        "test_the_buttons": (
            "rewards.offers.handing.decline",
            "rewards.offers.handing.deliver",
        ),
    },
    "tests/rewards/perks/test_perks.py": {
        "test_a_threshold_tells_who_moves_and_what_it_costs_before_it_is_saved": (
            "accounts.tiers.verbs.write_version",
            "loyalty.core.audit.verbs.record_edit",
        ),
        "test_the_credit_is_finances_and_the_rest_products": ("rewards.perks.verbs.write_version",),
    },
    "tests/rewards/rates/test_rates.py": {
        "test_the_page_keeps_takes_in_and_tells_what_is_wrong": (
            "rewards.rates.verbs.keep_rates",
            "rewards.rates.verbs.take_in",
        ),
        "test_what_a_point_is_worth_is_decided_by_another_of_finance": ("rewards.rates.verbs.write_points",),
    },
    "tests/rewards/tax/test_waiting.py": {
        "test_finance_keeps_what_is_known_and_others_do_not": ("rewards.tax.verbs.set_profile",),
        "test_thresholds_change_by_request": ("rewards.tax.verbs.write_rules",),
    },
}
