//! The members of one object.

use super::syntax::{Cursor, Span};
use crate::commands::{Expected, Trouble};

#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    /// With its quotes.
    key: Span<'a>,
    value: Span<'a>,
    is_read: bool,
}

/// An object, whose members are read by name, each once.
#[derive(Debug)]
pub(super) struct Members<'a> {
    members: Vec<Member<'a>>,
    /// Its closing brace.
    end: Span<'a>,
}

impl<'a> Members<'a> {
    /// The object that a line is.
    pub(super) fn of_line(line: &'a [u8]) -> Result<Members<'a>, Trouble> {
        let mut cursor = Cursor::new(line);
        let members = Members::read(&mut cursor)?;
        cursor.end()?;
        Ok(members)
    }

    /// The object that is a value in a line.
    pub(super) fn of_value(
        line: &'a [u8],
        value: Span<'_>,
        expected: Expected,
    ) -> Result<Members<'a>, Trouble> {
        if value.bytes.first() != Some(&b'{') {
            return Err(value.unexpected(expected));
        }
        Members::read(&mut Cursor::within(line, value))
    }

    fn read(cursor: &mut Cursor<'a>) -> Result<Members<'a>, Trouble> {
        cursor.expect(b'{', Expected::Object)?;
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut is_first = true;
        while cursor.peek() != Some(b'}') {
            if !is_first {
                cursor.expect(b',', Expected::CommaOr('}'))?;
            }
            is_first = false;
            let key = cursor.key()?;
            if members.iter().any(|member| member.key.bytes == key.bytes) {
                return Err(key.unexpected(Expected::OtherMember));
            }
            members.push(Member { key, value: cursor.value()?, is_read: false });
        }
        let end = cursor.next();
        cursor.takes(b'}');
        Ok(Members { members, end })
    }

    /// The value of a member, if it is there.
    pub(super) fn get(&mut self, name: &'static str) -> Option<Span<'a>> {
        let is_named = |key: &[u8]| {
            let inner = key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
            inner == Some(name.as_bytes())
        };
        let member = self.members.iter_mut().find(|member| is_named(member.key.bytes))?;
        member.is_read = true;
        Some(member.value)
    }

    /// The value of a member that has to be there.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Span<'a>, Trouble> {
        let end = self.end;
        self.get(name).ok_or_else(|| end.unexpected(Expected::Member(name)))
    }

    /// Nothing may be left that was not read.
    pub(super) fn end(&self) -> Result<(), Trouble> {
        let unknown = self.members.iter().find(|member| !member.is_read);
        unknown.map_or(Ok(()), |member| Err(member.key.unexpected(Expected::KnownMember)))
    }
}
