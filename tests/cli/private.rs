//! Private files stay private: what is made beside them is readable by nobody else at any moment, and no planted link is
//! followed.

use crate::log::Sample;
use crate::scene::{Scene, convert, is_root, logdump};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Everything that is made, with the mode that it is made with, as the system is asked for it; `None` where nobody
/// may look.
fn modes_of_creation(arguments: &[&std::ffi::OsStr]) -> Option<Vec<String>> {
    let script =
        "umask 0; exec strace -f -e trace=openat,open,creat,mkdir,mkdirat,link,linkat,symlinkat \"$@\"";
    let program = assert_cmd::cargo::cargo_bin!("joedb_convert");
    let mut command = Command::new("bash");
    command.args(["-c", script, "bash"]).arg(program).args(arguments);
    let output = command.output().ok().filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_about_making = |line: &&str| line.contains("O_CREAT") || !line.contains("open");
    Some(said.lines().filter(|line| line.contains('(')).filter(is_about_making).map(str::to_owned).collect())
}

#[test]
fn what_is_made_beside_a_file_is_made_for_its_owner_alone_whatever_the_umask() {
    let scene = Scene::new();
    let file = scene.file("log", &Sample::new().dirty());
    let (good, tail) = (scene.path("good"), scene.path("tail"));
    let commands = scene.file("log.joedbi", b"create_table city\n");
    let new = scene.path("new");
    let outputs: [&[&std::ffi::OsStr]; 3] = [
        &["--save-tail".as_ref(), tail.as_ref(), file.as_ref(), good.as_ref()],
        &["--in-place".as_ref(), file.as_ref()],
        &[commands.as_ref(), new.as_ref()],
    ];
    for (arguments, files) in outputs.into_iter().zip([2, 1, 1]) {
        let Some(made) = modes_of_creation(arguments) else {
            return eprintln!("strace is not to be had here");
        };
        // A name that is taken is passed by.
        let made: Vec<&String> = made.iter().filter(|line| !line.contains("EEXIST")).collect();
        assert_eq!(made.len(), files, "{made:?}");
        for line in made {
            assert!(line.contains("O_EXCL") && line.contains(", 0600)"), "{line}");
        }
    }
}

#[test]
fn outputs_of_a_private_file_are_private_whatever_the_umask() {
    let scene = Scene::new();
    let file = scene.file("log", &Sample::new().dirty());
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let program = assert_cmd::cargo::cargo_bin!("joedb_convert");
    for arguments in ["--save-tail tail log good", "--in-place log"] {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("umask 0; exec \"$0\" {arguments}")]).arg(program);
        assert!(command.current_dir(scene.directory()).output().unwrap().status.success());
    }
    for name in ["good", "tail", "log", "log.undo"] {
        assert_eq!(fs::metadata(scene.path(name)).unwrap().mode() & 0o7777, 0o600, "{name}");
    }
}

/// Runs joedb_convert as a user who is in one more group.
fn convert_as(user: u32, group: u32, arguments: &[&Path]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("joedb_convert"));
    command.args(arguments).uid(user).gid(group).output().unwrap()
}

#[test]
fn a_copy_whose_group_cannot_be_kept_is_not_opened_to_another_group() {
    if !is_root() {
        return eprintln!("only root can play another user");
    }
    let (nobody, staff, payroll) = (65534, 65533, 65532);
    for (mode, expected) in [(0o644, 0o644), (0o664, 0o644), (0o604, 0o600)] {
        let scene = Scene::new();
        let file = scene.file("log", &Sample::new().dirty());
        chown(&file, Some(0), Some(payroll)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(scene.directory(), Permissions::from_mode(0o777)).unwrap();
        let good = scene.path("good");
        let output = convert_as(nobody, staff, &[&file, &good]);
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("Permission denied") || output.status.code() == Some(126) {
            return eprintln!("another user cannot reach the programs here: {said}");
        }
        assert!(output.status.success() && said.contains("not kept: owner 0:65532"), "{said}");
        let found = fs::metadata(&good).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (nobody, staff, expected), "{mode:o}");
    }
}

#[test]
fn a_copy_whose_group_can_be_kept_has_the_same_mode() {
    if !is_root() {
        return eprintln!("only root can play another user");
    }
    let scene = Scene::new();
    let file = scene.file("log", &Sample::new().dirty());
    chown(&file, Some(0), Some(65532)).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(scene.directory(), Permissions::from_mode(0o777)).unwrap();
    let good = scene.path("good");
    let output = convert_as(65534, 65532, &[&file, &good]);
    if !output.status.success() {
        return eprintln!("another user cannot reach the programs here");
    }
    assert_eq!(fs::metadata(&good).unwrap().mode() & 0o7777, 0o640);
}

/// What a link points to, and must not change.
const OTHERS: &[u8] = b"somebody else's";

#[test]
fn no_planted_link_is_followed_by_what_is_written() {
    let scene = Scene::new();
    let file = scene.file("log", &Sample::new().dirty());
    let others = scene.file("others", OTHERS);
    for name in ["good", "tail", "log.undo"] {
        symlink(&others, scene.path(name)).unwrap();
    }
    let convert = |arguments: &[&str]| convert().args(arguments).current_dir(scene.directory()).assert();
    convert(&["log", "good"]).code(1);
    convert(&["--save-tail", "tail", "log", "new"]).code(1);
    convert(&["--in-place", "--undo-file", "tail", "log"]).code(1);
    // Replacing a link replaces the link.
    convert(&["--force", "log", "good"]).success();
    assert!(!fs::symlink_metadata(scene.path("good")).unwrap().is_symlink());
    // The next name that is free.
    convert(&["--in-place", "log"]).success();
    assert!(!fs::symlink_metadata(scene.path("log.undo.2")).unwrap().is_symlink());
    assert_eq!(fs::read(&others).unwrap(), OTHERS);
    logdump().args(["--check", "--require", "hard"]).arg(&file).assert().success();
}

#[test]
fn a_planted_link_in_the_place_of_a_temporary_file_is_passed_by() {
    let scene = Scene::new();
    let file = scene.file("log", &Sample::new().dirty());
    let others = scene.file("others", OTHERS);
    // The process keeps its number through exec, so the first two names are known before it runs.
    let script = "for n in 0 1; do ln -s others .joedb-$$-$n.tmp; done; exec \"$0\" log good";
    let program = assert_cmd::cargo::cargo_bin!("joedb_convert");
    let mut command = Command::new("bash");
    let output = command.args(["-c", script]).arg(program).current_dir(scene.directory()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(others).unwrap(), OTHERS);
    logdump().args(["--check", "--require", "hard"]).arg(scene.path("good")).assert().success();
    assert!(file.exists());
}
