//! The cases recorded from AWS, where their folder is at hand.

use conformance::report::{self, Selection, Summary};
use conformance::{Settings, corpus, exceptions};
use rstest::rstest;

#[rstest]
#[case::in_one_go(false, false)]
#[case::restored_after_every_event(true, false)]
#[case::giving_way_after_every_state(false, true)]
#[case::restored_after_every_state(true, true)]
fn recorded_cases_pass_but_for_the_listed_exceptions(
    #[case] restore_everywhere: bool,
    #[case] give_way_everywhere: bool,
) {
    let Some(folder) = corpus::recorded() else {
        return;
    };
    let settings = Settings {
        restore_everywhere,
        give_way_everywhere,
    };
    let mut summary = Summary::default();
    for file in corpus::read(&folder).unwrap() {
        report::run_file(&file, &Selection::default(), settings, &mut summary);
    }
    let exceptions = exceptions::listed();
    assert_eq!(summary.unexpected(&exceptions), Vec::<&str>::new());
    let cases = summary.passed + summary.failed.len();
    assert!(summary.failed.len() * 100 <= cases, "more than 1 % fails");
}
