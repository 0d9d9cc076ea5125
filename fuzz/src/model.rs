//! The lengths of entries and what they make of the context, from FORMAT.md, sections 3 to 5, and from nothing else: a
//! second decoder, written without a look at the first.

/// Table, record and field, as the log has them: records are counted from 1, and null is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub table: u64,
    pub record: u64,
    pub field: u64,
}

/// Types in the order of the update opcodes: how many bytes a value has, or how it tells.
#[derive(Clone, Copy)]
enum Size {
    Bytes(u64),
    String,
    Compact,
    Blob,
}

const SIZES: [Size; 10] = [
    Size::String,
    Size::Bytes(4),
    Size::Bytes(8),
    Size::Compact,
    Size::Bytes(1),
    Size::Bytes(4),
    Size::Bytes(8),
    Size::Bytes(1),
    Size::Bytes(2),
    Size::Blob,
];

struct Bytes<'a> {
    rest: &'a [u8],
    is_version_5: bool,
}

impl Bytes<'_> {
    fn skip(&mut self, length: u64) -> Option<()> {
        self.rest.split_off(..usize::try_from(length).ok()?).map(drop)
    }

    fn byte(&mut self) -> Option<u8> {
        self.rest.split_off_first().copied()
    }

    fn compact(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let mut number = u64::from(first & 0b1_1111);
        for _ in 0..first >> 5 {
            number = number << 8 | u64::from(self.byte()?);
        }
        Some(number)
    }

    fn id(&mut self) -> Option<u64> {
        self.compact().filter(|&id| id <= 0xffff)
    }

    fn string(&mut self) -> Option<()> {
        let length = self.compact()?;
        self.skip(length)
    }

    fn value(&mut self, size: Size) -> Option<()> {
        match size {
            Size::Bytes(length) => self.skip(length),
            Size::String => self.string(),
            Size::Compact => self.compact().map(drop),
            Size::Blob => {
                self.compact()?;
                if self.is_version_5 { self.compact().map(drop) } else { Some(()) }
            }
        }
    }

    fn field_type(&mut self) -> Option<()> {
        if self.byte()? == 4 { self.id().map(drop) } else { Some(()) }
    }

    fn update(&mut self, opcode: u8, context: &mut Context) -> Option<()> {
        let (size, form) = (*SIZES.get(usize::from(opcode - 0x81) / 4)?, (opcode - 0x81) % 4);
        match form {
            0 => *context = Context { table: self.id()?, record: self.compact()?, field: self.id()? },
            1 => context.field = self.id()?,
            2 => context.record += 1,
            _ => {
                *context = Context { table: self.id()?, record: self.compact()?, field: self.id()? };
                return (0..self.compact()?).try_for_each(|_| self.value(size));
            }
        }
        self.value(size)
    }

    fn operands(&mut self, opcode: u8, context: &mut Context) -> Option<()> {
        match opcode {
            0x00 if !self.is_version_5 => {}
            0x0e => {}
            0x01 | 0x0a | 0x10 | 0x13 => self.string()?,
            0x02 => drop(self.id()?),
            0x03 => {
                self.id()?;
                self.string()?;
                self.field_type()?;
            }
            0x04 => drop((self.id()?, self.id()?)),
            0x05 => (context.table, context.record) = (self.id()?, self.compact()?),
            0x06 => drop((self.id()?, self.compact()?)),
            0x08 => context.record += 1,
            0x0b => self.skip(8)?,
            0x0c => {
                self.id()?;
                self.string()?;
            }
            0x0d => {
                self.id()?;
                self.id()?;
                self.string()?;
            }
            0x0f => {
                (context.table, context.record) = (self.id()?, self.compact()?);
                self.compact()?;
            }
            0x14 if self.is_version_5 => drop((self.id()?, self.compact()?, self.compact()?)),
            0x81.. => self.update(opcode, context)?,
            _ => return None,
        }
        Some(())
    }
}

/// The length of the entry that `bytes` begin with, and the context behind it; `None` where they are no entry.
pub fn entry(is_version_5: bool, context: Context, bytes: &[u8]) -> Option<(u64, Context)> {
    let mut left = Bytes { rest: bytes, is_version_5 };
    let mut after = context;
    let opcode = left.byte()?;
    left.operands(opcode, &mut after)?;
    Some(((bytes.len() - left.rest.len()) as u64, after))
}
