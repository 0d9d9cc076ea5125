//! Failures that say what they are about.

use crate::outcome::Failure;

impl Failure {
    /// The same, with the name of what it is about before it.
    pub(crate) fn context(self, name: impl ToString) -> Failure {
        Failure { error: self.error.context(name.to_string()), ..self }
    }
}
