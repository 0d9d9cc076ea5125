//! Printing on several threads: the same bytes and the same end as from one, whatever is wrong with the log.

use joedb::printing::{Threads, print};
use joedb::replay::{Range, Replayed, Tolerance, replay};
use joedb::sink::{Commands, Fidelity, Format, JsonLines, Raw, Sql, Style, TextSink};
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, Journal, RecordId, TableId, Type, UpdateForm, Value,
    Version,
};

/// Some twelve megabytes: rows of every length, with tables renamed, blobs and comments between them.
fn log() -> Encoder {
    let mut encoder = Encoder::new(Version::V5);
    let table = TableId(1);
    encoder.push(&Entry::CreateTable { name: b"city" });
    for (name, plain) in [(&b"name"[..], Type::String), (b"size", Type::Int64)] {
        encoder.push(&Entry::AddField { table, name, field_type: FieldType::Plain(plain) });
    }
    for number in 0..240_000_u32 {
        let record = RecordId(number.into());
        let text = "x".repeat((number % 61) as usize);
        encoder.push(&Entry::Insert { table, record, form: InsertForm::Append });
        for (field, value) in
            [(1, Value::String(text.as_bytes())), (2, Value::Int64(i64::from(number).pow(3)))]
        {
            let (field, form) = (FieldId(field), UpdateForm::Update);
            encoder.push(&Entry::Update { table, record, field, value, form });
        }
        if number % 30_000 == 7 {
            let name = format!("city_{number}");
            encoder.push(&Entry::RenameTable { table, name: name.as_bytes() });
            encoder.push(&Entry::Blob { data: text.as_bytes(), position: 0 });
            encoder.push(&Entry::Comment { text: b"renamed" });
        }
    }
    encoder
}

type Printed = (Vec<u8>, Replayed);

fn printed<F: Format + Send>(bytes: &[u8], range: Range, style: Style, form: F, threads: usize) -> Printed {
    let open = || Journal::from_bytes(bytes.to_vec());
    let (mut journal, mut text) = (open().unwrap(), Vec::new());
    let mut sink = TextSink::new(form, style, &mut text);
    let tolerance = match style.fidelity {
        Fidelity::Lossless => Tolerance::Strict,
        Fidelity::Reference => Tolerance::Reference,
    };
    let replayed = match threads {
        0 => replay(&mut journal, range, tolerance, &mut sink, &mut |_| {}),
        threads => {
            let threads = Threads { threads, reopen: &open };
            print(&mut journal, range, tolerance, &mut sink, threads, &mut |_| {})
        }
    };
    (text, replayed.unwrap())
}

fn check<F: Format + Send>(bytes: &[u8], range: Range, style: Style, counts: &[usize], form: impl Fn() -> F) {
    let expected = printed(bytes, range, style, form(), 0);
    for &threads in counts {
        assert!(printed(bytes, range, style, form(), threads) == expected, "{threads} threads, {range:?}");
    }
}

/// Numbers of threads.
const ANY: [usize; 3] = [1, 2, 3];

/// Every form, without loss and as the reference prints it.
fn check_all_forms(bytes: &[u8], range: Range, counts: &[usize]) {
    for fidelity in [Fidelity::Lossless, Fidelity::Reference] {
        let style = Style { fidelity, ..Style::new(Version::V5) };
        check(bytes, range, style, counts, || Commands::new(style, None));
        check(bytes, range, style, counts, || Raw::new(style, None));
        check(bytes, range, style, counts, || Sql::new(style, None));
        check(bytes, range, style, counts, || JsonLines::new(style));
    }
}

#[test]
fn every_form_prints_the_same_on_any_number_of_threads() {
    let encoder = log();
    let range = Range::up_to(encoder.position());
    check_all_forms(&encoder.file(), range, &ANY);
    let positions = Style { positions: true, ..Style::new(Version::V5) };
    check(&encoder.file(), range, positions, &ANY, || Commands::new(positions, None));
}

#[test]
fn a_part_of_the_log_and_a_bound_inside_an_entry_are_the_same_too() {
    let encoder = log();
    let (bytes, limit) = (encoder.file(), encoder.position());
    let style = Style::new(Version::V5);
    for (from, until) in [(1_000_000, limit), (41, limit - 3), (41, 9_000_000), (43, limit)] {
        check(&bytes, Range { from, until, limit }, style, &ANY, || Sql::new(style, None));
    }
}

#[test]
fn what_is_wrong_in_the_middle_is_found_at_the_same_place() {
    let encoder = log();
    for (place, byte) in [(60, 0xff), (6_000_000, 0xff), (6_000_001, 0x02), (10_000_000, 0x05)] {
        let mut bytes = encoder.file();
        bytes[place] = byte;
        check_all_forms(&bytes, Range::up_to(encoder.position()), &[2]);
    }
}
