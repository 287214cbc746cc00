//! The project's own cases.

use conformance::report::{self, Selection, Summary};
use conformance::{Settings, corpus};
use rstest::rstest;

#[rstest]
#[case::in_one_go(false, false)]
#[case::restored_after_every_event(true, false)]
#[case::giving_way_after_every_state(false, true)]
#[case::restored_after_every_state(true, true)]
fn every_case_of_the_project_passes(
    #[case] restore_everywhere: bool,
    #[case] give_way_everywhere: bool,
) {
    let settings = Settings {
        restore_everywhere,
        give_way_everywhere,
    };
    let mut summary = Summary::default();
    for file in corpus::read(&corpus::own()).unwrap() {
        let verdicts = report::run_file(&file, &Selection::default(), settings, &mut summary);
        for (case, verdict) in verdicts.iter().filter(|(_, verdict)| !verdict.passed()) {
            println!("{}", report::failure_lines(case, verdict, 5));
        }
    }
    assert_eq!(summary.failed, Vec::<String>::new());
    assert!(summary.passed >= 60, "{} cases", summary.passed);
}
