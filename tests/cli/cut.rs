//! Files that another program cuts, or replaces, while they are read: an error and never a signal, and nothing is shown
//! that the file did not hold.

use crate::log::Log;
use crate::scene::{Scene, random_bits};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// More comments than pipes and threads hold together.
const COMMENTS: u64 = 400_000;

/// A log of 400,000 comments, each of 64 bytes.
fn many_comments() -> Vec<u8> {
    let mut log = Log::new();
    for number in 0..COMMENTS {
        log.comment(format!("{number:062}").as_bytes());
    }
    log.clean()
}

fn start(program: &str, arguments: &[&str], path: &Path) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn logdump(arguments: &[&str], path: &Path) -> Child {
    start(assert_cmd::cargo::cargo_bin!("joedb_logdump").to_str().unwrap(), arguments, path)
}

/// Lets the program print its first bytes, does something to the file, and lets it go on.
///
/// A pipe holds 64 KiB, so that the program stands still at the beginning of the log meanwhile.
fn disturbed(arguments: &[&str], path: &Path, disturb: impl FnOnce(&Path)) -> (Vec<u8>, Output) {
    let mut child = logdump(arguments, path);
    let mut printed = vec![0; 1000];
    child.stdout.as_mut().unwrap().read_exact(&mut printed).unwrap();
    sleep(Duration::from_millis(30));
    disturb(path);
    let output = child.wait_with_output().unwrap();
    printed.extend(&output.stdout);
    (printed, output)
}

fn cut(path: &Path) {
    File::options().write(true).open(path).unwrap().set_len(1000).unwrap();
}

/// Every form of a dump, on one thread and on several.
const DUMPS: [&[&str]; 8] = [
    &["-q"],
    &["-q", "--threads", "1"],
    &["-q", "--raw", "--threads", "2"],
    &["-q", "--sql", "--threads", "3"],
    &["-q", "--json"],
    &["-q", "--compat"],
    &["-q", "--load"],
    &["-q", "--ignore-header"],
];

#[test]
fn a_file_that_is_cut_while_it_is_dumped_gives_an_error_and_the_beginning_of_what_it_held() {
    let bytes = many_comments();
    for arguments in DUMPS {
        let scene = Scene::new();
        let path = scene.file("cut.joedb", &bytes);
        let whole = logdump(arguments, &path).wait_with_output().unwrap().stdout;
        let (printed, output) = disturbed(arguments, &path, cut);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {:?} {said}", output.status);
        assert!(said.contains("another program cut it while it was read"), "{arguments:?}: {said}");
        let same = printed.iter().zip(&whole).take_while(|(one, other)| one == other).count();
        let rest = String::from_utf8_lossy(&printed[same..]);
        assert!(same >= 64_000 && rest.len() < 200, "{arguments:?}: then {rest:?}");
    }
}

/// What the programs are protected from, and why the option says so.
#[test]
fn a_file_that_is_cut_under_the_map_that_was_asked_for_ends_the_program() {
    const SIGBUS: i32 = 7;
    let scene = Scene::new();
    let path = scene.file("cut.joedb", &many_comments());
    let (_, output) = disturbed(&["-q", "--mmap", "--threads", "1"], &path, cut);
    assert_eq!(output.status.signal(), Some(SIGBUS));
}

#[test]
fn a_file_that_is_replaced_while_it_is_dumped_is_dumped_as_it_was() {
    let bytes = many_comments();
    for arguments in DUMPS {
        let scene = Scene::new();
        let path = scene.file("replaced.joedb", &bytes);
        let whole = logdump(arguments, &path).wait_with_output().unwrap().stdout;
        let other = scene.file("other", &Log::new().clean());
        let (printed, output) = disturbed(arguments, &path, |path| fs::rename(other, path).unwrap());
        assert!(output.status.success(), "{arguments:?}");
        assert!(printed == whole, "{arguments:?}");
    }
}

/// Cuts the file at a random moment of a run that prints nothing before its end.
fn cut_at_any_moment(
    bytes: &[u8],
    rounds: usize,
    start: impl Fn(&Scene, &Path) -> Child,
    judge: impl Fn(&Scene, &Output),
) {
    for bits in random_bits(rounds) {
        let scene = Scene::new();
        let path: PathBuf = scene.path("cut.joedb");
        File::create(&path).unwrap().write_all(bytes).unwrap();
        let child = start(&scene, &path);
        sleep(Duration::from_micros(bits % 40_000));
        cut(&path);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), None, "{output:?}");
        judge(&scene, &output);
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_checked_gives_no_signal_and_is_never_called_whole() {
    let bytes = many_comments();
    let size = bytes.len();
    for arguments in [&["--check", "--format", "text"][..], &["--check", "--load", "--format", "text"]] {
        let check = |_: &Scene, path: &Path| logdump(arguments, path);
        cut_at_any_moment(&bytes, 12, check, |_, output| {
            let report = String::from_utf8_lossy(&output.stdout);
            let said = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                // It had read everything.
                Some(0) => assert!(report.contains(&format!("\nsize: {size}\n")), "{report}"),
                // The cut came before the head was read.
                Some(4) => assert!(report.contains("cut short"), "{report}"),
                Some(1) => assert!(said.contains("another program cut it while it was read"), "{said}"),
                code => panic!("{code:?}: {report}{said}"),
            }
        });
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_converted_gives_the_whole_output_or_none() {
    let bytes = many_comments();
    let convert = |scene: &Scene, path: &Path| {
        let output = scene.path("out");
        let program = assert_cmd::cargo::cargo_bin!("joedb_convert").to_str().unwrap();
        start(program, &[path.to_str().unwrap()], &output)
    };
    cut_at_any_moment(&bytes, 24, convert, |scene, output| {
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            assert!(fs::read(scene.path("out")).unwrap()[41..] == bytes[41..]);
        } else {
            assert_eq!(scene.names(), ["cut.joedb"], "{said}");
            let reasons = ["another program cut it", "the input changed while", "the file was cut short"];
            assert!(reasons.iter().any(|reason| said.contains(reason)), "{said}");
        }
    });
}
