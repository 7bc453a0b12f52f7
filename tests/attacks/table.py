"""The attacks in one list: those that are tried here, those that other tests try, and what no partner can stop."""

from __future__ import annotations

from . import fortis, officernd, onoffice, retailcrm

ATTACKS = [
    *officernd.officernd.all,
    *retailcrm.retailcrm.all,
    *onoffice.onoffice.all,
    *fortis.encrypted.all,
    *fortis.plain.all,
]
SHEETS = {
    "officernd": [str(number) for number in range(1, 20)],
    "retailcrm": [f"S{number}" for number in range(1, 12)],
    "onoffice": [str(number) for number in range(1, 23)],
    "fortis": [f"S{number:02}" for number in range(1, 23)],
}
"""The numbers of the attacks that the fact sheets list, by platform."""
ELSEWHERE = [
    ("officernd", "2", "A region's address that is the attacker's gets no token", "tests/officernd/test_faults.py::test_a_foreign_region_is_reported_and_never_contacted"),
    ("officernd", "2, A1", "A served platform names no real host", "tests/officernd/test_verdicts.py::test_a_served_platform_names_no_foreign_host_but_a_trap_on_loopback"),
    ("officernd", "4", "Digests are compared in constant time", "tests/officernd/test_signing.py::test_digests_are_compared_in_constant_time_alone"),
    ("officernd", "12", "Integrations of one organisation are told apart by their secrets", "tests/officernd/test_partner.py::test_several_installations_of_one_organisation_are_told_apart_by_their_secrets"),
    ("officernd", "15", "After a removal no secret is left but the webhook's", "tests/officernd/test_partner.py::test_removal_keeps_no_secret_but_the_webhooks_own_and_deletes_the_webhook"),
    ("officernd", "16, A13", "A code is spent once, and takes back what it gave", "tests/officernd/test_identity.py::test_a_code_that_is_used_again_takes_back_what_it_gave"),
    ("officernd", "17", "What may be unsigned: an empty memberId and one pair of quotes, as the vectors say", "tests/officernd/test_vectors.py"),
    ("retailcrm", "S5", "A session cannot be made up, and ends", "tests/retailcrm/test_partner.py::test_a_session_ends_and_cannot_be_made_up"),
    ("retailcrm", "S6", "Certificates are checked", "tests/judge/test_tls.py"),
    ("retailcrm", "S7", "Neither reports nor store hold a secret in the clear", "tests/retailcrm/test_partner.py::test_the_operators_report_and_the_store_hold_no_secret_in_the_clear"),
    ("retailcrm", "S8", "Tokens are compared in constant time", "tests/retailcrm/test_signing.py::test_tokens_are_compared_in_constant_time_alone"),
    ("retailcrm", "S11, A1", "A simulator calls nobody but this machine", "tests/test_safety_siblings.py::test_an_address_that_is_not_plainly_loopback_is_neither_looked_up_nor_contacted"),
    ("onoffice", "3", "The public address is configuration", "tests/onoffice/test_partner.py::test_the_public_address_is_configuration_and_never_a_header"),
    ("onoffice", "6", "Digests are compared in constant time", "tests/onoffice/test_signing.py::test_digests_are_compared_in_constant_time_alone"),
    ("onoffice", "8, 9, 21", "A message goes into no page", "tests/onoffice/test_platform.py::test_a_message_goes_back_to_the_popups_script_as_json_and_into_no_page"),
    ("onoffice", "10", "Own values of an address are written as all others", "tests/onoffice/test_platform.py::test_own_values_are_written_as_all_others"),
    ("onoffice", "11, 12", "A claim of another call or customer is refused", "tests/onoffice/test_platform.py::test_an_old_claim_is_refused_with_201_and_another_customers_with_248"),
    ("onoffice", "14", "Without a token no action is sent", "tests/onoffice/test_partner.py::test_no_action_is_sent_without_a_token"),
    ("onoffice", "16", "A changed secret signs at once", "tests/onoffice/test_partner.py::test_a_changed_secret_signs_at_once"),
    ("onoffice", "17", "Two customers with the same user do not meet", "tests/onoffice/test_partner.py::test_two_customers_with_the_same_user_id_do_not_meet"),
    ("onoffice", "18", "A block is noticed from the API", "tests/onoffice/test_partner.py::test_a_block_is_noticed_from_the_api_and_ends_the_activation"),
    ("onoffice", "20, 21", "Names that the platform sends are text on every page", "tests/web/test_app.py::test_names_that_the_platform_sends_are_text_on_every_page"),
    ("onoffice", "22", "Who may frame a page, and no cookie", "tests/onoffice/test_partner.py::test_the_page_is_embedded_by_the_platforms_hosts_only_and_sets_no_cookie"),
    ("fortis", "S02, A6", "100,000 tries a kind of failure give an AUC of at most 0.52", "tests/benchmarks/fortis.py::failing"),
    ("fortis", "S02, A6", "Every failure of the encrypted mode is the same sequence of operations", "tests/fortis/test_partner.py::test_every_failure_of_encrypted_mode_is_the_same_work"),
    ("fortis", "S08", "Two users of a location in the same second", "tests/fortis/test_partner.py::test_two_users_of_a_location_may_open_in_the_same_second"),
    ("fortis", "S14, S15", "The token is kept nowhere", "tests/fortis/test_partner.py::test_the_token_is_kept_nowhere"),
    ("fortis", "S15", "No report shows a secret", "tests/fortis/test_partner.py::test_no_report_shows_a_secret"),
    ("fortis", "S20, S22", "A launch leads to a clean address, with a cookie for a frame", "tests/fortis/test_partner.py::test_a_launch_leads_to_a_clean_address_with_a_cookie_for_a_frame"),
]  # fmt: skip
"""Partner, source, what is tried, and the test that tries it."""
NOT_OURS = [
    ("officernd", "18", "Secrets in public files: nothing that a partner answers"),
    ("onoffice", "19", "Who is an administrator: no partner can check it"),
    ("fortis", "S04", "Guessing a short secret from one launch, off line: a secret has to be random"),
    ("fortis", "S11", "A secret that other merchants can read in the location's record: the platform's"),
    ("fortis", "S18", "Users enumerated at the API: the platform's"),
    ("fortis", "S21", "A list of addresses: the vendor advises against it"),
]
"""Partner, source, and why no test of a partner can show it."""
