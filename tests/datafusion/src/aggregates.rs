//! What SQL makes of a table's columns.

use crate::session::Session;
use crate::tables::{Held, Rows};
use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::arrow::datatypes::{DataType, Decimal128Type};
use std::collections::{BTreeMap, BTreeSet};

/// An expression, and what it is to be; of no rows, nothing.
type Aggregate = (String, Option<i128>);

/// Asserts that the aggregates of a table are the same; how many were compared.
pub(crate) fn compare(session: &Session, name: &str, rows: &Rows, tables: &BTreeMap<String, Rows>) -> u64 {
    let ids = rows.values.keys().map(|id| i128::from(*id)).collect::<Vec<i128>>();
    let mut aggregates = vec![("count(*)".to_owned(), Some(ids.len() as i128))];
    aggregates.extend(of_numbers(r#""__id""#, &ids));
    let mut compared = 0;
    for (index, (field, declared)) in rows.fields.iter().enumerate() {
        let column: Vec<&Held> = rows.values.values().map(|values| &values[index]).collect();
        let quoted = format!(r#""{field}""#);
        aggregates.extend(of_column(&quoted, &column));
        let target =
            declared.strip_prefix("references ").and_then(|target| Some((target, tables.get(target)?)));
        if let Some((target, referred)) = target {
            compare_join(session, name, &quoted, target, &column, referred);
            compared += 1;
        }
        if let "float32" | "float64" = declared.as_str() {
            compare_filter(session, name, &quoted, declared, &column);
            compared += 1;
        }
    }
    let expressions =
        aggregates.iter().map(|(expression, _)| format!("CAST({expression} AS DECIMAL(38, 0))"));
    let expressions: Vec<String> = expressions.collect();
    let found = numbers(session, &format!(r#"SELECT {} FROM "{name}""#, expressions.join(", ")));
    for ((expression, expected), found) in aggregates.iter().zip(&found) {
        assert_eq!(found, expected, "{name}: {expression}");
    }
    compared + found.len() as u64
}

/// The only row of an answer.
fn numbers(session: &Session, query: &str) -> Vec<Option<i128>> {
    let answer = session.ask(query);
    let [row] = &answer[..] else { panic!("one row expected") };
    let number = |column: &datafusion::arrow::array::ArrayRef| {
        assert!(matches!(column.data_type(), DataType::Decimal128(38, 0)));
        let numbers = column.as_primitive::<Decimal128Type>();
        numbers.is_valid(0).then(|| numbers.value(0))
    };
    row.columns().iter().map(number).collect()
}

fn of_numbers(column: &str, numbers: &[i128]) -> Vec<Aggregate> {
    let sum = (!numbers.is_empty()).then(|| numbers.iter().sum());
    vec![
        (format!("min({column})"), numbers.iter().min().copied()),
        (format!("max({column})"), numbers.iter().max().copied()),
        (format!("sum(CAST({column} AS DECIMAL(38, 0)))"), sum),
    ]
}

fn of_column(column: &str, values: &[&Held]) -> Vec<Aggregate> {
    let count =
        |is_counted: fn(&Held) -> bool| Some(values.iter().filter(|held| is_counted(held)).count() as i128);
    let different = values.iter().collect::<BTreeSet<_>>().len() as i128;
    match values.first() {
        None => vec![(format!("count({column})"), Some(0))],
        Some(Held::Number(_)) => {
            let numbers = values.iter().map(|held| match held {
                Held::Number(number) => i128::from(*number),
                other => panic!("{other:?} among numbers"),
            });
            // The sum of booleans is how many are true.
            of_numbers(&format!("CAST({column} AS BIGINT)"), &numbers.collect::<Vec<i128>>())
        }
        Some(Held::Text(_)) => vec![(format!("count(DISTINCT {column})"), Some(different))],
        Some(Held::Bits(_)) => vec![(format!("count({column})"), Some(values.len() as i128))],
        Some(Held::Reference(_)) => {
            vec![(format!("count({column})"), count(|held| *held != Held::Reference(-1)))]
        }
        Some(Held::Blob(_)) => vec![(
            format!("count(*) FILTER (WHERE {column} <> X'')"),
            count(|held| matches!(held, Held::Blob(Some(data)) if !data.is_empty())),
        )],
    }
}

/// How many rows have a NaN without a sign, which is greater than all other floats. No statistics may hide it.
fn compare_filter(session: &Session, name: &str, column: &str, declared: &str, values: &[&Held]) {
    // Bits between infinity and those with a sign.
    let nans = match declared {
        "float32" => f32::INFINITY.to_bits().into()..1 << 31,
        _ => f64::INFINITY.to_bits()..1 << 63,
    };
    let is_nan =
        |held: &&&Held| matches!(held, Held::Bits(bits) if *bits > nans.start && nans.contains(bits));
    let expected = values.iter().filter(is_nan).count() as i128;
    let query =
        format!(r#"SELECT CAST(count(*) AS DECIMAL(38, 0)) FROM "{name}" WHERE {column} > 'Infinity'"#);
    assert_eq!(numbers(session, &query), [Some(expected)], "{name}: {column}");
}

/// How many rows refer to a record that there is.
fn compare_join(
    session: &Session,
    name: &str,
    column: &str,
    target: &str,
    values: &[&Held],
    referred: &Rows,
) {
    let is_there =
        |held: &&&Held| matches!(held, Held::Reference(record) if referred.values.contains_key(record));
    let expected = values.iter().filter(is_there).count() as i128;
    let found = numbers(
        session,
        &format!(
            r#"SELECT CAST(count(*) AS DECIMAL(38, 0)) FROM "{name}" AS a JOIN "{target}" AS b ON a.{column} = b."__id""#
        ),
    );
    assert_eq!(found, [Some(expected)], "{name}: {column} of {target}");
}
