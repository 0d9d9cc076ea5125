//! The crash files of `fixtures/` and of the corpus: each has its verdict, and gives a good file back.

#[path = "support/fixtures.rs"]
mod generator;
mod support;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use generator::Fixture;
use joedb::diagnosis::{Advice, CutName, Evidence, FindingId, Outage, diagnose};
use joedb::head::HEAD_SIZE;
use joedb::journal::{Access, Journal};
use joedb::recovery::{PlanError, Target};
use joedb::sink::Fidelity;
use joedb::storage::Place;
use joedb::text::escape::is_obeyed_by_terminals;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};
use support::{
    advised, assert_clean_beginning, diagnosed, dumped, journal, loaded_report, recovered, report,
};

/// `fixtures/`, written anew before any test looks into it where that was asked for.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        generated().iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    }
    folder
});

fn path(fixture: &Fixture) -> PathBuf {
    FOLDER.join(fixture.name).with_extension("joedb")
}

/// The fixtures, but for those that have no head to read.
fn with_a_head() -> impl Iterator<Item = Fixture> {
    generator::all().into_iter().filter(|fixture| !fixture.name.starts_with("x_"))
}

fn bytes_of(name: &str) -> Vec<u8> {
    generator::all().into_iter().find(|fixture| fixture.name == name).unwrap().bytes
}

fn logdump(arguments: &[&str], file: &Path) -> std::process::Output {
    Command::new(cargo_bin!("joedb_logdump")).args(arguments).arg(file).output().unwrap()
}

// ---- The files on disk -------------------------------------------------------------------------------------

/// Everything that belongs into `fixtures/`, by file name.
fn generated() -> Vec<(String, Vec<u8>)> {
    let fixtures = generator::all();
    let page = ("README.md".to_owned(), page(&fixtures).into_bytes());
    let files = fixtures.into_iter().map(|fixture| (format!("{}.joedb", fixture.name), fixture.bytes));
    files.chain([page]).collect()
}

/// The page about the fixtures.
fn page(fixtures: &[Fixture]) -> String {
    let mut page = String::from(
        "# Crash files\n\n\
         Made by `tests/support/fixtures.rs`, where it can be read what is wrong with them; written anew by\n\
         `UPDATE_FIXTURES=1 cargo test --test fixtures`. `exit` is the exit code of `joedb_logdump --check`. Every program\n\
         fails on files whose name begins with `x_`. `corpus/`, recorded from the reference tools, has its own page.\n\n\
         | file | verdict | exit | what it shows |\n\
         |---|---|---|---|\n",
    );
    for Fixture { name, verdict, exit, shows, .. } in fixtures {
        page.push_str(&format!("| `{name}.joedb` | {} | {exit} | {shows} |\n", verdict.headline()));
    }
    page
}

/// The names of the files in `fixtures/`; the corpus is a directory.
fn names_on_disk() -> BTreeSet<String> {
    let entries = fs::read_dir(&*FOLDER).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn the_files_on_disk_are_those_that_the_generator_makes() {
    let generated = generated();
    for (name, bytes) in &generated {
        let found = fs::read(FOLDER.join(name)).unwrap_or_default();
        assert!(found == *bytes, "{name} is stale: run UPDATE_FIXTURES=1 cargo test --test fixtures");
    }
    let expected: BTreeSet<String> = generated.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names_on_disk(), expected, "files in fixtures/ that nobody makes, or the other way round");
}

// ---- Verdicts ----------------------------------------------------------------------------------------------

/// Every headline that a file alone can have; to be written, it takes a writer, and to be loaded, a wish.
const HEADLINES: [FindingId; 16] = [
    FindingId::NotAJoedbFile,
    FindingId::UnknownVersion,
    FindingId::EmptyFile,
    FindingId::HeadCut,
    FindingId::FileCutShort,
    FindingId::DamagedBody,
    FindingId::CheckpointInsideEntry,
    FindingId::Holes,
    FindingId::SoftPastEnd,
    FindingId::PendingHardCheckpoint,
    FindingId::ZeroFilledTail,
    FindingId::DamagedTail,
    FindingId::TornTail,
    FindingId::DirtyTail,
    FindingId::CleanSoft,
    FindingId::Clean,
];

#[test]
fn every_headline_has_a_fixture() {
    let shown: BTreeSet<FindingId> = generator::all().iter().map(|fixture| fixture.verdict).collect();
    assert_eq!(shown, BTreeSet::from(HEADLINES));
}

#[test]
fn every_fixture_has_its_verdict() {
    for fixture in generator::all() {
        let Fixture { name, verdict, exit, bytes, .. } = fixture;
        let report = report(&bytes);
        assert_eq!((report.verdict, i32::from(report.exit_code)), (verdict, exit), "{name}");
    }
}

#[test]
fn the_program_gives_every_fixture_its_headline_and_its_exit_code() {
    for fixture in generator::all() {
        let output = logdump(&["--check"], &path(&fixture));
        assert_eq!(output.status.code(), Some(fixture.exit), "{}", fixture.name);
        let text = String::from_utf8(output.stdout).unwrap();
        let headline = format!("{}.joedb: {}\n", fixture.name, fixture.verdict.headline());
        assert!(text.contains(&headline), "{headline}expected in:\n{text}");
    }
}

/// The verdict with `--load`, which is another one for some of the healthy files only.
#[test]
fn some_fixtures_that_decode_cannot_be_loaded() {
    for fixture in with_a_head() {
        let (verdict, exit) = match fixture.name {
            "unloadable" => (FindingId::Unloadable, 4),
            "too_many_rows" => (FindingId::TooManyRows, 1),
            _ => (fixture.verdict, fixture.exit),
        };
        let report = loaded_report(&fixture.bytes);
        assert_eq!((report.verdict, i32::from(report.exit_code)), (verdict, exit), "{}", fixture.name);
    }
}

#[test]
fn what_is_recovered_of_a_file_that_cannot_be_loaded_can_be_loaded() {
    let unloadable = bytes_of("unloadable");
    let report = loaded_report(&unloadable);
    let recommended = report.recommended().unwrap();
    assert_eq!(recommended.name, CutName::Loadable);
    let target = advised(report.findings[0].advice).unwrap();
    assert_eq!(target, Target::Position(recommended.position));
    let good = recovered(&unloadable, target, false).unwrap();
    assert_clean_beginning(&good, &unloadable);
    assert_eq!(loaded_report(&good).verdict, FindingId::Clean);
    assert_eq!(recommended.kept.entries, loaded_report(&good).log.map(|log| log.tally.entries));
}

#[test]
fn a_file_has_the_same_verdict_mapped_windowed_and_in_memory() {
    for fixture in with_a_head() {
        let in_memory = report(&fixture.bytes);
        for access in [Access::Map, Access::Window] {
            let mut journal = Journal::open(&path(&fixture), access).unwrap();
            assert_eq!(diagnosed(&mut journal), in_memory, "{}", fixture.name);
        }
    }
}

#[test]
fn a_covered_pending_checkpoint_is_remarked_on() {
    let ids: Vec<FindingId> =
        report(&bytes_of("pending_covered")).findings.iter().map(|finding| finding.id).collect();
    assert_eq!(ids, [FindingId::CleanSoft, FindingId::PendingCovered]);
}

// ---- Recovery ----------------------------------------------------------------------------------------------

#[test]
fn the_cut_that_the_verdict_recommends_gives_a_clean_beginning_of_the_log() {
    for fixture in with_a_head() {
        let report = report(&fixture.bytes);
        // A clean file is recovered to what it is.
        let target = advised(report.findings[0].advice).unwrap_or_default();
        let good = recovered(&fixture.bytes, target, false).unwrap();
        assert_clean_beginning(&good, &fixture.bytes);
        let entries = report.log.unwrap().tally.entries;
        assert!(good.len() as u64 > HEAD_SIZE || entries == 0, "{} lost everything", fixture.name);
    }
}

#[test]
fn the_cut_that_is_marked_is_the_one_that_the_command_names() {
    for fixture in with_a_head() {
        let report = report(&fixture.bytes);
        if let Advice::RecoverTo(name) = report.findings[0].advice {
            assert_eq!(report.recommended().map(|cut| cut.name), Some(name), "{}", fixture.name);
        }
    }
}

#[test]
fn no_cut_lies_behind_the_end_of_file_mark_of_version_4() {
    let (marked, behind) = (bytes_of("v4_clean"), bytes_of("v4_tail_behind_mark"));
    assert!(matches!(recovered(&behind, Target::Eof, false), Err(PlanError::Damaged { .. })));
    let last_entry = recovered(&behind, Target::LastEntry, false).unwrap();
    assert_eq!(last_entry.len(), marked.len());
    assert_clean_beginning(&last_entry, &behind);
}

/// Runs a command line as a person would, with the programs in the path.
fn shell(command: &str) -> assert_cmd::assert::Assert {
    let programs = cargo_bin!("joedb_convert").parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = [programs].into_iter().chain(std::env::split_paths(&path));
    Command::new("sh").args(["-c", command]).env("PATH", std::env::join_paths(places).unwrap()).assert()
}

#[test]
fn the_recommended_command_works_as_it_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    for fixture in with_a_head().filter(|fixture| fixture.exit != 0) {
        let crashed = directory.path().join(format!("it's {}", fixture.name));
        fs::write(&crashed, &fixture.bytes).unwrap();
        let advice = report(&fixture.bytes).findings[0].advice;
        shell(&advice.command(&Place::file(&crashed))).success();
        let good = fs::read(format!("{}.recovered", crashed.display())).unwrap();
        assert_clean_beginning(&good, &fixture.bytes);
    }
}

#[test]
fn a_hard_cut_of_a_file_that_was_never_checkpointed_has_to_be_allowed() {
    let empty_cut = bytes_of("empty_cut");
    let error = recovered(&empty_cut, Target::Hard, false).unwrap_err();
    assert!(matches!(error, PlanError::Empty { .. }), "{error}");
    assert_clean_beginning(&recovered(&empty_cut, Target::Hard, true).unwrap(), &empty_cut);
}

#[test]
fn a_checkpoint_below_which_the_log_does_not_decode_is_refused() {
    let cases =
        [("damaged_body", Target::Hard), ("holes", Target::Soft), ("holes_inside_entry", Target::Soft)];
    for (name, target) in cases {
        let error = recovered(&bytes_of(name), target, true).unwrap_err();
        assert!(matches!(error, PlanError::Damaged { .. }), "{name}: {error}");
    }
}

// ---- What must fail ----------------------------------------------------------------------------------------

#[test]
fn both_programs_fail_with_5_on_files_named_x() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("output");
    for fixture in generator::all().into_iter().filter(|fixture| fixture.name.starts_with("x_")) {
        let path = path(&fixture);
        assert_eq!(logdump(&[], &path).status.code(), Some(5), "{}", fixture.name);
        Command::new(cargo_bin!("joedb_convert")).arg(&path).arg(&output).assert().code(5);
        assert!(!output.exists(), "{} left an output behind", fixture.name);
    }
}

#[test]
fn no_form_of_output_passes_a_command_on_to_the_terminal() {
    let hostile = FOLDER.join("hostile_names.joedb");
    let forms: [&[&str]; 10] = [
        &[],
        &["--raw"],
        &["--sql"],
        &["--json"],
        &["--schema-only"],
        &["--header"],
        &["--check"],
        &["--check", "--format", "text"],
        &["--check", "--format", "json"],
        &["--tail=hard"],
    ];
    for form in forms {
        let output = logdump(form, &hostile);
        for bytes in [output.stdout, output.stderr] {
            let text = String::from_utf8(bytes).unwrap();
            let obeyed = text.chars().find(|&c| c != '\n' && is_obeyed_by_terminals(c));
            assert_eq!(obeyed, None, "{form:?}:\n{text:?}");
        }
    }
}

// ---- The corpus --------------------------------------------------------------------------------------------

struct Recorded {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Recorded {
    fn name(&self) -> &str {
        self.path.file_stem().unwrap().to_str().unwrap()
    }

    /// A number of the page that stands beside the file.
    fn fact(&self, key: &str) -> Option<i64> {
        let page = fs::read_to_string(self.path.with_extension("facts")).ok()?;
        let value = page.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
        Some(value.parse().unwrap())
    }

    fn hard(&self) -> u64 {
        journal(&self.bytes).checkpoints().hard.position
    }

    fn soft(&self) -> Option<u64> {
        journal(&self.bytes).checkpoints().soft.map(|soft| soft.position)
    }
}

fn corpus(group: &str) -> Vec<Recorded> {
    let paths = fs::read_dir(FOLDER.join("corpus").join(group)).unwrap().map(|entry| entry.unwrap().path());
    let logs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "joedb"));
    logs.map(|path| Recorded { bytes: fs::read(&path).unwrap(), path }).collect()
}

fn every_crash() -> impl Iterator<Item = Recorded> {
    corpus("crash").into_iter().chain(corpus("real"))
}

#[test]
fn files_left_behind_by_real_programs_have_the_verdict_that_fits_their_end() {
    let expected = |name: &str| match name {
        "aborted_transaction" | "killed_soft" => FindingId::DirtyTail,
        "hard_then_soft" => FindingId::CleanSoft,
        "killed_hard" => FindingId::PendingHardCheckpoint,
        "killed_in_transaction" => FindingId::TornTail,
        _ => panic!("{name} is new"),
    };
    for file in corpus("real") {
        assert_eq!(report(&file.bytes).verdict, expected(file.name()), "{}", file.name());
    }
}

#[test]
fn crashed_files_of_the_corpus_are_recoverable_and_damaged_where_a_checkpoint_runs_ahead() {
    for file in corpus("crash") {
        let ahead = file.fact("reference_checkpoint") == Some(-1);
        let expected = if ahead { 4 } else { 3 };
        let report = report(&file.bytes);
        assert_eq!(report.exit_code, expected, "{}: {}", file.name(), report.headline);
        assert_eq!(ahead, report.verdict == FindingId::SoftPastEnd, "{}", file.name());
    }
}

#[test]
fn every_crashed_file_recovers_to_its_hard_and_to_its_soft_checkpoint() {
    for file in every_crash() {
        let hard = recovered(&file.bytes, Target::Hard, file.hard() == HEAD_SIZE).unwrap();
        assert_eq!(hard.len() as u64, file.hard(), "{}", file.name());
        assert_clean_beginning(&hard, &file.bytes);
        if let Some(position) = file.soft() {
            let soft = recovered(&file.bytes, Target::Soft, false).unwrap();
            assert_eq!(soft.len() as u64, position, "{}", file.name());
            assert_clean_beginning(&soft, &file.bytes);
        }
    }
}

/// Including those for which the facts say -1: the reference's own recovery fails on them.
#[test]
fn what_is_recovered_by_default_is_what_the_reference_reads() {
    for file in every_crash() {
        let good = recovered(&file.bytes, Target::Checkpoint, false).unwrap();
        let reference = file.fact("reference_checkpoint").filter(|&position| position >= 0);
        assert!(reference.is_none_or(|position| position == good.len() as i64), "{}", file.name());
        let text = dumped(&mut journal(&good), good.len() as u64, Fidelity::Reference);
        assert!(text == fs::read(file.path.with_extension("dump")).unwrap(), "{}", file.name());
    }
}

/// In this file the crash cut the entry at 138, a blob of five bytes, before its data, and the length that had reached
/// the disk filled it up with zeros. They decode: nothing in the file tells them from data.
const COMPLETED_BY_ZEROS: (&str, u64) = ("100014", 145);

#[test]
fn the_last_whole_entry_is_the_one_before_the_damage() {
    for file in corpus("crash") {
        let fact = file.fact("last_whole_entry_before_damage").unwrap().cast_unsigned();
        let (exception, completed) = COMPLETED_BY_ZEROS;
        let expected = if file.name() == exception { completed } else { fact };
        assert_eq!(report(&file.bytes).log.unwrap().last_entry, expected, "{}", file.name());
    }
}

#[test]
fn zeros_can_complete_the_last_entry_and_do_so_in_one_file() {
    let (name, completed) = COMPLETED_BY_ZEROS;
    let file = corpus("crash").into_iter().find(|file| file.name() == name).unwrap();
    assert_eq!(file.bytes[138..140], [0x13, 5]);
    assert_eq!(file.bytes[140..completed as usize], [0; 5]);
}

/// A machine that has been up since the file was written, if the file itself does not say otherwise.
#[test]
fn zeros_at_the_end_speak_of_the_machine_whatever_the_clock_says() {
    let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
    let up =
        Evidence { boot: at(100), created: at(200), modified: at(500), now: at(600), ..Evidence::default() };
    let soft_and = |tail: &[u8]| [&bytes_of("clean_soft")[..], tail].concat();
    let known = [
        (soft_and(&[0; 64]), Outage::Unknown),
        (bytes_of("zero_filled_tail"), Outage::Unknown),
        (soft_and(&[0xff; 64]), Outage::ProgramOnly),
        (soft_and(&[]), Outage::ProgramOnly),
    ];
    for (bytes, expected) in known {
        let report = diagnose(&mut Journal::from_bytes(bytes).unwrap(), &up, &mut |_| {}).unwrap();
        let outage = report.outage.unwrap();
        assert_eq!(outage.conclusion, expected, "{}", outage.evidence);
        assert_eq!(outage.evidence.contains("ends in zeros"), expected == Outage::Unknown);
    }
}
