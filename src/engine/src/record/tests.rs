use asl::Value;
use asl::resource::Resource;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn page(sequence: u64) -> PageId {
    Page::new(PageKind::History, sequence, "data".to_owned()).id
}

fn record(checkpoint: Checkpoint) -> Record {
    Record {
        checkpoint,
        values: vec![Group {
            first: 3,
            last: 4,
            pages: vec![page(3)],
        }],
        tail: Tail::stored("{\"id\":7}\n".to_owned(), 7, Some(page(2))),
        cancelling: Cancelling::Inline(vec![TaskRequest {
            task: 5,
            state: "Run".into(),
            resource: Arc::new(Resource::parse("arn:aws:states:::eks:runJob.sync").unwrap()),
            parameters: Value::from("some"),
            credentials: Some("arn:aws:iam::1:role/r".into()),
            token: None,
            deadline: None,
        }]),
    }
}

fn encoded(record: &Record) -> String {
    encode(
        &record.checkpoint,
        &record.values,
        &record.tail,
        &record.cancelling,
    )
    .unwrap()
}

#[rstest]
#[case::ended(Checkpoint::None)]
#[case::inline(Checkpoint::Inline(vec![1, 2, 3]))]
#[case::paged(Checkpoint::Paged(vec![page(0), page(1)]))]
fn a_record_reads_back_as_it_was_written(#[case] checkpoint: Checkpoint) {
    let record = record(checkpoint);
    assert_eq!(decode(&encoded(&record)).unwrap(), record);
}

#[test]
fn tasks_to_be_cancelled_may_be_in_pages() {
    let inline = record(Checkpoint::None);
    let bytes = write_requests(inline.cancelling.inline()).unwrap();
    assert_eq!(read_requests(&bytes).unwrap(), inline.cancelling.inline());
    let paged = Record {
        cancelling: Cancelling::Paged(vec![page(0), page(1)]),
        ..inline
    };
    assert_eq!(decode(&encoded(&paged)).unwrap(), paged);
}

#[rstest]
#[case::nothing("", "the record cannot be read: it has no format")]
#[case::no_number("x.y", "the record cannot be read: invalid digit found in string")]
#[case::newer("9.AAAA", "the record has format 9, this version reads up to 1")]
#[case::not_base64("1.%", "the record cannot be read: Invalid symbol 37, offset 0.")]
fn what_is_no_record_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(decode(text).unwrap_err().to_string(), message);
}

#[test]
fn a_record_cut_anywhere_is_refused_and_nothing_panics() {
    let text = encoded(&record(Checkpoint::Inline(noise(1000))));
    for length in 0..text.len() {
        assert!(decode(&text[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn a_damaged_record_is_refused_or_read_and_nothing_panics(
        compressed in any::<bool>(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let text = encoded(&record(Checkpoint::Inline(noise(100))));
        let mut bytes = match compressed {
            true => BASE64.decode(&text[2..]).unwrap(),
            false => decode_text(&text[2..]).unwrap(),
        };
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let data = match compressed {
            true => BASE64.encode(bytes),
            false => encode_text(&bytes).unwrap(),
        };
        let _ = decode(&format!("1.{data}"));
    }

    #[test]
    fn any_other_text_is_refused(text in ".{0,40}", data in "[A-Za-z0-9+/]{0,40}") {
        prop_assert!(decode(&text).is_err());
        let numbered = format!("1.{data}");
        prop_assert!(decode(&numbered).is_err());
        prop_assert!(join_pages([data.as_str()]).is_err());
    }
}

#[test]
fn a_small_checkpoint_needs_no_pages_however_long_it_is_uncompressed() {
    assert!(build_checkpoint_pages(&[7; 1_000_000]).unwrap().is_none());
}

#[test]
fn a_large_checkpoint_is_split_into_pages_below_the_limit_of_an_object() {
    let bytes = noise(1_000_000);
    let pages = build_checkpoint_pages(&bytes).unwrap().unwrap();
    let numbers: Vec<_> = pages.iter().map(|page| page.id.sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert!(pages.iter().all(|page| page.data.len() < 512 * 1024));
    let parts = pages.iter().map(|page| &*page.data);
    assert_eq!(join_pages(parts).unwrap(), bytes);
}
