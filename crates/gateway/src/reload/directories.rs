//! Where changes of a file show.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The directories in which a change can give any of `files` another content: the one that it is in and, for symbolic
/// links, those of every hop.
///
/// A mounted config map is a link `config.yaml → ..data/config.yaml` beside a link `..data → ..2026_11_25`: an update
/// replaces `..data`, in the directory of the file itself.
pub(super) fn directories(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    for file in files {
        let mut at = file.clone();
        for _ in 0..MOST_HOPS {
            let parent = match at.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            };
            let next = fs::read_link(&at).ok().map(|link| parent.join(link));
            if let Ok(real) = fs::canonicalize(&parent) {
                all.insert(real);
            }
            // The directory's own name may be a link that is swapped.
            if let Some(above) = link_above(&parent) {
                all.insert(above);
            }
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    all
}

/// The directory that holds `directory`, where that is a symbolic link.
fn link_above(directory: &Path) -> Option<PathBuf> {
    fs::read_link(directory).ok()?;
    fs::canonicalize(directory.parent()?).ok()
}

/// As many links as Linux follows in one path: `path_resolution(7)`.
const MOST_HOPS: usize = 40;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_hop_counts() {
        let base = std::env::temp_dir().join(format!("backstop-directories-{}", std::process::id()));
        for name in ["mount/..one", "elsewhere"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        let base = fs::canonicalize(base).unwrap();
        fs::write(base.join("mount/..one/b.yaml"), "").unwrap();
        symlink("..one", base.join("mount/..data")).unwrap();
        symlink("..data/b.yaml", base.join("mount/b.yaml")).unwrap();
        symlink("../mount/b.yaml", base.join("elsewhere/b.yaml")).unwrap();
        let found = directories(&[base.join("elsewhere/b.yaml")]);
        let expected = ["elsewhere", "mount", "mount/..one"].map(|name| base.join(name));
        assert_eq!(found, BTreeSet::from(expected));
        let gone = directories(&[base.join("mount/no-such.yaml"), base.join("no/such.yaml")]);
        assert_eq!(gone, BTreeSet::from([base.join("mount")]));
        fs::remove_dir_all(base).unwrap();
    }
}
