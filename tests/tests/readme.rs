//! Every code block of the README does what it says, as it stands there.
//!
//! The YAML is checked, the gateway started from it, and what a reader would copy is run against it: by `sh`, and by Python
//! with the official SDKs. Only addresses are changed, to simulated providers and a free port. Rust blocks are doc tests of
//! this package's library.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop_core::Dialect;
use backstop_simulator::{Door, Server, Simulator};
use backstop_tests::{
    client::Ask,
    gateway::Gateway,
    program::{self, Folder},
};
use tokio::{process::Command, task::JoinSet};

const KEYS: [(&str, &str); 4] = [
    ("OPENAI_API_KEY", "key-of-openai"),
    ("ANTHROPIC_API_KEY", "key-of-anthropic"),
    ("ANTHROPIC_KEY_A", "key-of-anthropic"),
    ("ANTHROPIC_KEY_B", "key-of-anthropic"),
];
const ADDRESS: &str = "127.0.0.1:8080";

/// The code blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page)).unwrap();
    let (mut blocks, mut open): (Vec<_>, Option<(String, String)>) = (Vec::new(), None);
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(""), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (_, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (_, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block without an end");
    blocks
}

fn of<'b>(blocks: &'b [(String, String)], language: &'b str) -> impl Iterator<Item = &'b str> {
    blocks.iter().filter(move |(of, _)| of == language).map(|(_, text)| text.as_str())
}

/// The README's own gateway, before simulated providers.
struct World {
    openai: (Simulator, Server),
    anthropic: (Simulator, Server),
    gateway: Gateway,
}

impl World {
    async fn of_readme() -> Self {
        let blocks = blocks("README.md");
        let yaml: Vec<_> = of(&blocks, "yaml").collect();
        let [yaml] = yaml[..] else { panic!("one configuration is enough for a page") };
        let serve = of(&blocks, "sh").find(|text| text.contains(" serve ")).expect("a block that serves");
        let arguments = serve.trim().strip_prefix("cargo run --release -- ").expect("the binary, by cargo");

        let openai = Simulator::new("openai").with_key("key-of-openai");
        let anthropic = Simulator::new("anthropic").with_key("key-of-anthropic");
        let (at_openai, at_anthropic) = (openai.start().await.unwrap(), anthropic.start().await.unwrap());
        let mut here = yaml.replace(ADDRESS, "127.0.0.1:0");
        for (name, key, url) in [
            ("openai", "OPENAI_API_KEY", at_openai.v1()),
            ("anthropic", "ANTHROPIC_API_KEY", at_anthropic.url()),
        ] {
            let (before, after) = (format!("{name}: {{ "), format!("{name}: {{ base_url: \"{url}\", "));
            assert!(here.contains(&format!("{before}api_key: ${{{key}}}")), "{here}");
            here = here.replace(&before, &after);
        }
        let folder = Folder::new();
        let _ = folder.file("backstop.yaml", here);
        let mut command = program::backstop();
        command.args(arguments.split(' ')).current_dir(folder.path()).envs(KEYS);
        let gateway = Gateway::spawn(command, folder).await;
        Self { openai: (openai, at_openai), anthropic: (anthropic, at_anthropic), gateway }
    }

    /// Runs a block and gives what it printed.
    async fn run(&self, mut command: Command, block: &str) -> String {
        assert!(block.contains(ADDRESS), "asks the gateway: {block}");
        let output = command
            .arg("-c")
            .arg(block.replace(ADDRESS, self.gateway.address()))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(Duration::from_secs(60), output).await.unwrap().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{block}\n{error}\n{}", self.gateway.log());
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn every_block_is_of_a_kind_that_is_run() {
    let blocks = blocks("README.md");
    let languages: BTreeSet<_> = blocks.iter().map(|(language, _)| language.as_str()).collect();
    assert_eq!(languages, BTreeSet::from(["python", "rust", "sh", "text", "yaml"]));
    assert_eq!((of(&blocks, "sh").count(), of(&blocks, "python").count()), (2, 2));
    let curls = of(&blocks, "sh").filter(|text| text.starts_with("curl ")).count();
    assert_eq!(curls, 1, "besides the one that serves");
}

#[tokio::test]
async fn the_yaml_is_good() {
    for page in ["README.md", "docs/configuration.md"] {
        let blocks = blocks(page);
        assert!(of(&blocks, "yaml").count() > 0, "{page}");
        for yaml in of(&blocks, "yaml") {
            let folder = Folder::new();
            let file = folder.file("backstop.yaml", yaml);
            let ended = program::run(&["check".as_ref(), "--config".as_ref(), file.as_os_str()], &KEYS).await;
            assert_eq!(ended.code, Some(0), "{page}: {}", ended.err);
        }
    }
}

#[tokio::test]
async fn curl_asks_the_gateway() {
    let world = World::of_readme().await;
    let blocks = blocks("README.md");
    for block in of(&blocks, "sh").filter(|text| text.starts_with("curl ")) {
        let mut shell = Command::new("sh");
        shell.arg("-e");
        let printed = world.run(shell, block).await;
        let answer: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(answer["choices"][0]["message"]["content"], "Hello", "{printed}");
    }
    assert_eq!(world.openai.0.requests().len(), 1);
}

#[tokio::test]
async fn both_sdks_ask_the_gateway() {
    let world = World::of_readme().await;
    let blocks = blocks("README.md");
    for block in of(&blocks, "python") {
        assert_eq!(world.run(Command::new(python()), block).await, "Hello\n");
    }
    // And the other provider's answer, in the same words.
    world.openai.1.set_door(Door::Closed).await.unwrap();
    for block in of(&blocks, "python") {
        assert_eq!(world.run(Command::new(python()), block).await, "Hello\n");
    }
    assert_eq!(world.anthropic.0.requests().len(), 2);
}

/// The Python that the SDKs are installed for.
fn python() -> PathBuf {
    let given = std::env::var_os("BACKSTOP_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-tools/python/bin/python")
    });
    assert!(
        python.is_file(),
        "there is no {}: the official SDKs are not installed; `cargo xtask test` installs them and runs this test",
        python.display()
    );
    python
}

#[tokio::test]
async fn killing_the_first_provider_loses_no_request() {
    let World { openai: (openai, at_openai), anthropic: (anthropic, _at_anthropic), gateway } =
        World::of_readme().await;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for caller in 0..8 {
        let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
        let address = gateway.address().to_owned();
        callers.spawn(async move {
            for turn in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let dialect = if caller % 2 == 0 { Dialect::OpenaiChat } else { Dialect::AnthropicMessages };
                // Long enough that some answers are under way when the provider dies.
                let prompt = format!("[[tokens 300]] caller {caller}, turn {turn}");
                let ask = Ask::new(dialect, "chat", &prompt).streamed(turn % 2 == 0);
                let (seen, _) = ask.send(&address).await;
                assert!(seen.is_success(), "{caller}, {turn}: {:?} {}", seen.broken, seen.body);
                assert!(seen.text.ends_with("w300"), "{caller}, {turn}: {}", seen.text);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let wait = async |count: usize| {
        for _ in 0..3000 {
            if answered.load(Ordering::Relaxed) >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("only {} requests were answered", answered.load(Ordering::Relaxed));
    };
    wait(40).await;
    assert!(anthropic.requests().is_empty(), "the first provider answers");
    drop(at_openai);
    let before = answered.load(Ordering::Relaxed);
    wait(before + 80).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert!(openai.requests().len() >= 40 && anthropic.requests().len() >= 80);
}
