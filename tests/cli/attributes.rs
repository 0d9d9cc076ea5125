//! Owner, mode and extended attributes of a recovered file.

use crate::log::Sample;
use crate::scene::{Scene, convert, is_root};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

struct Recovery {
    scene: Scene,
    input: PathBuf,
}

impl Recovery {
    fn new() -> Recovery {
        let scene = Scene::new();
        let input = scene.file("a.joedb", &Sample::new().dirty());
        Recovery { scene, input }
    }

    /// The paths of the result and of the saved tail.
    fn run(&self) -> [PathBuf; 2] {
        let [output, tail] = ["out", "tail"].map(|name| self.scene.path(name));
        convert().arg("--save-tail").args([&tail, &self.input, &output]).assert().success().stderr("");
        [output, tail]
    }
}

#[test]
fn the_mode_is_kept() {
    for mode in [0o640, 0o600, 0o444, 0o666] {
        let recovery = Recovery::new();
        fs::set_permissions(&recovery.input, fs::Permissions::from_mode(mode)).unwrap();
        for result in recovery.run() {
            assert_eq!(result.metadata().unwrap().mode() & 0o7777, mode);
        }
    }
}

#[test]
fn the_owner_is_kept() {
    if !is_root() {
        return;
    }
    let recovery = Recovery::new();
    chown(&recovery.input, Some(1234), Some(5678)).unwrap();
    fs::set_permissions(&recovery.input, fs::Permissions::from_mode(0o4750)).unwrap();
    for result in recovery.run() {
        let found = result.metadata().unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (1234, 5678, 0o4750));
    }
}

#[test]
fn extended_attributes_are_kept() {
    let recovery = Recovery::new();
    if xattr::set(&recovery.input, "user.test", b"value\0\xff").is_err() {
        return; // This file system has none.
    }
    for result in recovery.run() {
        assert_eq!(xattr::get(result, "user.test").unwrap().unwrap(), b"value\0\xff");
    }
}
