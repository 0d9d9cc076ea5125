//! The commands, read back by a parser that knows them only from joedb's manual: words between spaces, strings in double
//! quotes with `\` before an octal byte or a character that stands for itself, `#` before a remark.

use super::author::{Act, FIELDS, TABLES, Written, book};
use super::data::Datum;
use crate::scene::{Scene, dumped};
use joedb::Type;

/// What is left of a line.
struct Line<'a>(&'a [u8]);

impl<'a> Line<'a> {
    /// Up to the next space.
    fn word(&mut self) -> &'a str {
        let end = self.0.iter().position(|&byte| byte == b' ').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b" ").unwrap_or(rest);
        std::str::from_utf8(word).unwrap()
    }

    fn number<T: std::str::FromStr>(&mut self) -> T {
        let word = self.word();
        word.parse().unwrap_or_else(|_| panic!("{word}: no number"))
    }

    fn string(&mut self) -> Vec<u8> {
        let mut rest = self.0.strip_prefix(b"\"").expect("a string begins with a quote");
        let mut bytes = Vec::new();
        loop {
            rest = match rest {
                [b'"', rest @ ..] => {
                    self.0 = rest.strip_prefix(b" ").unwrap_or(rest);
                    return bytes;
                }
                [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
                    bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                    rest
                }
                [b'\\', byte, rest @ ..] => {
                    assert!(!byte.is_ascii_alphanumeric(), "an escape that is none");
                    bytes.push(*byte);
                    rest
                }
                [byte, rest @ ..] => {
                    bytes.push(*byte);
                    rest
                }
                [] => panic!("a string that does not end"),
            }
        }
    }

    fn table(&mut self) -> u16 {
        let name = self.word();
        u16::try_from(TABLES.iter().position(|table| *table == name).unwrap()).unwrap() + 1
    }

    fn field(&mut self) -> u16 {
        let name = self.word();
        u16::try_from(FIELDS.iter().position(|field| *field == name).unwrap()).unwrap() + 1
    }

    /// The bits of a NaN that has others than usual.
    fn bits(word: &str) -> Option<u64> {
        let bits = word.strip_prefix("nan(0x")?.strip_suffix(')')?;
        Some(u64::from_str_radix(bits, 16).unwrap())
    }

    fn single(&mut self) -> u32 {
        match self.word() {
            "nan" => 0x7fc0_0000,
            "-nan" => 0xffc0_0000,
            word => Line::bits(word)
                .map_or_else(|| word.parse::<f32>().unwrap().to_bits(), |bits| u32::try_from(bits).unwrap()),
        }
    }

    fn double(&mut self) -> u64 {
        match self.word() {
            "nan" => 0x7ff8 << 48,
            "-nan" => 0xfff8 << 48,
            word => Line::bits(word).unwrap_or_else(|| word.parse::<f64>().unwrap().to_bits()),
        }
    }

    fn boolean(&mut self) -> bool {
        match self.word() {
            "true" => true,
            "false" => false,
            other => panic!("{other}: no truth"),
        }
    }

    fn blob(&mut self) -> (u64, u64) {
        let (position, size) = self.word().split_once(',').unwrap();
        (position.parse().unwrap(), size.parse().unwrap())
    }

    fn datum(&mut self, of: Type) -> Datum {
        match of {
            Type::String => Datum::String(self.string()),
            Type::Int8 => Datum::Int8(self.number()),
            Type::Int16 => Datum::Int16(self.number()),
            Type::Int32 => Datum::Int32(self.number()),
            Type::Int64 => Datum::Int64(self.number()),
            Type::Reference => Datum::Reference(self.number()),
            Type::Boolean => Datum::Boolean(self.boolean()),
            Type::Float32 => Datum::Single(self.single()),
            Type::Float64 => Datum::Double(self.double()),
            Type::Blob => {
                let (position, size) = self.blob();
                Datum::Blob { position, size }
            }
        }
    }

    fn values(&mut self, of: Type) -> Vec<Datum> {
        let count: usize = self.number();
        (0..count).map(|_| self.datum(of)).collect()
    }
}

fn type_of(field: u16) -> Type {
    Type::ALL[usize::from(field) - 1]
}

/// Reads the command of an entry, and whatever else it must say.
fn assert_says(line: &mut Line<'_>, written: &Written) {
    let command = line.word();
    match &written.act {
        Act::CreateTable(name) => assert_eq!((command, line.word()), ("create_table", *name)),
        Act::AddField { table, name, of } => {
            assert_eq!((command, line.table(), line.word()), ("add_field", *table, *name));
            let references = *of == Type::Reference;
            assert_eq!(line.word(), if references { "references" } else { of.name() });
            assert!(!references || line.table() == 1);
        }
        Act::Insert { table, record, .. } => {
            assert_eq!((command, line.table(), line.number()), ("insert_into", *table, *record));
        }
        Act::Delete { table, record } => {
            assert_eq!((command, line.table(), line.number()), ("delete_from", *table, *record));
        }
        Act::InsertVector { table, first, count } => {
            assert_eq!((command, line.table(), line.number()), ("insert_vector", *table, *first));
            assert_eq!(line.number::<u64>(), *count);
        }
        Act::DeleteVector { table, first, count } => {
            assert_eq!((command, line.table(), line.number()), ("delete_vector", *table, *first));
            assert_eq!(line.number::<u64>(), *count);
        }
        Act::Update { place, value, .. } => {
            let found = (command, line.table(), line.number(), line.field());
            assert_eq!(found, ("update", place.table, place.record, place.field));
            assert_eq!(line.datum(type_of(place.field)), *value);
        }
        Act::UpdateVector { place, of, values } => {
            let found = (command, line.table(), line.number(), line.field());
            assert_eq!(found, ("update_vector", place.table, place.record, place.field));
            assert_eq!(line.values(*of), *values);
        }
        Act::Blob { data, .. } => assert_eq!((command, line.string()), ("write_blob", data.clone())),
        Act::Comment(text) => assert_eq!((command, line.string()), ("comment", text.clone())),
        Act::Timestamp(seconds) => {
            assert_eq!((command, line.number()), ("timestamp", *seconds));
            // The date is tested where dates are.
            line.0 = b"";
        }
        Act::ValidData => assert_eq!(command, "valid_data"),
        Act::Custom(name) => assert_eq!((command, line.word()), ("custom", *name)),
    }
}

/// A vector of no values changes nothing, and has no command.
fn has_command(written: &&Written) -> bool {
    !matches!(&written.act, Act::UpdateVector { values, .. } if values.is_empty())
}

#[test]
fn every_entry_comes_back_from_commands() {
    let (scene, book) = (Scene::new(), book());
    let text = dumped(&["-q", "--blob"], &scene.file("a.joedb", &book.file));
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for written in book.written.iter().filter(has_command) {
        let mut line = Line(lines.next().expect("an entry without a command").as_bytes());
        assert_says(&mut line, written);
        assert!(line.0.is_empty(), "more than the entry says: {}", String::from_utf8_lossy(line.0));
    }
    assert_eq!(lines.next(), None, "a command without an entry");
}

#[test]
fn remarks_name_every_blob() {
    let (scene, book) = (Scene::new(), book());
    let text = dumped(&["-q"], &scene.file("a.joedb", &book.file));
    let found: Vec<(u64, u64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# Blob: "))
        .map(|place| Line(place.as_bytes()).blob())
        .collect();
    let blobs = book.written.iter().filter_map(|written| match &written.act {
        Act::Blob { data_at, data } => Some((*data_at, data.len() as u64)),
        _ => None,
    });
    assert_eq!(found, blobs.collect::<Vec<_>>());
}
