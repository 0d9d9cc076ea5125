//! Every bit of a small log and of its index, turned over; logs that are not the ones that were indexed.

use crate::{checkpointed, indexed, journal};
use joedb::index::{Decodes, Flip, Index, Rot};
use joedb::{
    Encoder, Entry, FieldId, FieldType, InsertForm, RecordId, TableId, Type, UpdateForm, Value, Version,
};

const TABLE: TableId = TableId(1);

/// A log of so many rows, each with a text made of `seed`.
fn log(rows: i64, seed: u8) -> Vec<u8> {
    let mut log = Encoder::new(Version::V5);
    log.push(&Entry::CreateTable { name: b"price" });
    let field_type = FieldType::Plain(Type::String);
    log.push(&Entry::AddField { table: TABLE, name: b"note", field_type });
    for record in (0..rows).map(RecordId) {
        log.push(&Entry::Insert { table: TABLE, record, form: InsertForm::InsertInto });
        let text = [b'a' + seed, record.0.to_le_bytes()[0] % 26 + b'a'];
        let (field, value, form) = (FieldId(1), Value::String(&text), UpdateForm::Update);
        log.push(&Entry::Update { table: TABLE, record, field, value, form });
        log.push(&Entry::Timestamp { seconds: record.0 });
    }
    log.file()
}

fn rot(index: &Index, bytes: &[u8]) -> Rot {
    index.changed(&mut journal(bytes), &mut |_| {}).unwrap()
}

#[test]
fn every_bit_of_the_body_that_is_turned_over_is_found_and_named() {
    for index in [indexed, built] as [fn(&[u8]) -> Index; 2] {
        let bytes = log(8, 0);
        let index = index(&bytes);
        assert_eq!(rot(&index, &bytes), Rot::None);
        for (position, bit) in (41..bytes.len()).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
            let mut turned = bytes.clone();
            turned[position] ^= 1 << bit;
            let Rot::Blocks(blocks) = rot(&index, &turned) else { panic!("byte {position}, bit {bit}") };
            let [block] = &blocks[..] else { panic!("byte {position}, bit {bit}: {blocks:?}") };
            assert!((block.position..block.end).contains(&(position as u64)));
            let (found, expected) = (turned[position], bytes[position]);
            assert_eq!(block.flip, Some(Flip { position: position as u64, found, expected }));
        }
    }
}

/// With blocks of the usual size: one.
fn built(bytes: &[u8]) -> Index {
    Index::build(&mut journal(bytes), &mut |_| {}).unwrap().index
}

#[test]
fn every_bit_of_the_index_that_is_turned_over_makes_it_useless() {
    let index = indexed(&log(8, 0)).to_bytes();
    assert!(Index::parse(&index).is_ok());
    for (byte, bit) in (0..index.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut turned = index.clone();
        turned[byte] ^= 1 << bit;
        assert!(Index::parse(&turned).is_err(), "byte {byte}, bit {bit}");
    }
    for length in 0..index.len() {
        assert!(Index::parse(&index[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_block_that_changed_says_whether_it_decodes_and_which_tables_it_holds() {
    let bytes = log(8, 0);
    let index = indexed(&bytes);
    let text = bytes.iter().rposition(|&byte| byte == b'e').unwrap();
    let mut values = bytes.clone();
    values[text] = 0xaa;
    let Rot::Blocks(blocks) = rot(&index, &values) else { panic!("not found") };
    assert_eq!((blocks.len(), blocks[0].decodes, &blocks[0].tables[..]), (1, Decodes::Alike, &[TABLE][..]));
    assert!(blocks[0].flip.is_none() && blocks[0].entries > 0);

    let mut nonsense = bytes.clone();
    let block = &index.blocks()[1];
    nonsense[usize::try_from(block.position).unwrap()] = 0xf0;
    let Rot::Blocks(blocks) = rot(&index, &nonsense) else { panic!("not found") };
    assert_eq!(blocks[0].decodes, Decodes::Not { until: block.position });
}

#[test]
fn a_log_that_was_cut_or_took_the_place_of_another_one_is_not_taken_for_it() {
    let bytes = log(8, 0);
    let index = indexed(&bytes);
    let cut = checkpointed(&bytes, Version::V5, index.blocks()[2].end());
    for other in [log(9, 1), log(3, 0), cut, [log(2, 3), log(9, 2)[41..].to_vec()].concat()] {
        assert_eq!(rot(&index, &other), Rot::OtherLog);
        assert!(index.verify(&mut journal(&other)).is_err());
    }
    let grown = log(12, 0);
    assert_eq!(rot(&index, &grown), Rot::None);
    assert!(index.verify(&mut journal(&grown)).is_ok());
}
