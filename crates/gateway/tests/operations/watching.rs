//! Changes of files are noticed.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use http::StatusCode;
use tokio::time::{sleep, timeout};

use crate::{
    gateway::{Folder, Gateway, until, with_server},
    provider::Provider,
};

const APPLIED: &str = r#"backstop_config_reload_total{result="applied"}"#;

fn yaml(provider: &Provider, chain: &str) -> String {
    format!(
        "providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\" }} }}
chains: {{ {chain}: {{ targets: [a/good] }} }}
",
        provider.base_url
    )
}

/// A config map as Kubernetes mounts it: the files are links through `..data`, which is swapped.
fn mount(folder: &Path, version: &str, yaml: &str) {
    fs::create_dir(folder.join(version)).unwrap();
    fs::write(folder.join(version).join("backstop.yaml"), with_server(yaml)).unwrap();
    symlink(version, folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

#[tokio::test]
async fn a_config_map_is_swapped() {
    let provider = Provider::start().await;
    let folder = Folder::new();
    mount(&folder.0, "..2026_11_25_1", &yaml(&provider, "one"));
    symlink("..data/backstop.yaml", folder.0.join("backstop.yaml")).unwrap();
    let gateway = Gateway::start_in(folder, &[]).await;
    assert_eq!(gateway.callers.ask("one", false).await.0, StatusCode::OK);
    for (version, chain, applied) in [("..2026_11_25_2", "two", 1.0), ("..2026_11_25_3", "three", 2.0)] {
        mount(gateway.folder(), version, &yaml(&provider, chain));
        // Sooner than it would look anyhow.
        let noticed = until("the swap is noticed", async || gateway.metric(APPLIED).await == applied);
        timeout(Duration::from_secs(4), noticed)
            .await
            .expect("noticed by the watch, not by the look every 5 s");
        assert_eq!(gateway.callers.ask(chain, false).await.0, StatusCode::OK);
        fs::remove_dir_all(gateway.folder().join(format!("..2026_11_25_{applied}"))).unwrap();
    }
    assert_eq!(gateway.callers.ask("one", false).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn several_writes_are_one_change_and_the_same_content_is_none() {
    let provider = Provider::start().await;
    let gateway = Gateway::start(&yaml(&provider, "one"), &[]).await;
    for chain in ["two", "three", "four"] {
        gateway.rewrite(&yaml(&provider, chain));
    }
    until("the last one is noticed", async || gateway.metric(APPLIED).await > 0.0).await;
    assert_eq!(gateway.callers.ask("four", false).await.0, StatusCode::OK);
    assert_eq!(gateway.reloads().await, 1);
    gateway.rewrite(&yaml(&provider, "four"));
    sleep(Duration::from_millis(800)).await;
    assert_eq!(gateway.reloads().await, 1, "not even looked at as a configuration");
}

#[tokio::test]
async fn who_does_not_want_it_is_not_watched() {
    let provider = Provider::start().await;
    let by_flag = Gateway::start(&yaml(&provider, "one"), &["--no-watch"]).await;
    let server = "server: { listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\", watch: false }\n";
    let by_file = Gateway::start(&format!("{server}{}", yaml(&provider, "one")), &[]).await;
    by_flag.rewrite(&yaml(&provider, "two"));
    by_file.rewrite(&format!("{server}{}", yaml(&provider, "two")));
    sleep(Duration::from_millis(800)).await;
    for gateway in [by_flag, by_file] {
        assert_eq!(gateway.reloads().await, 0);
        gateway.hang_up().await;
        until("it reloads when asked", async || gateway.metric(APPLIED).await == 1.0).await;
        assert_eq!(gateway.callers.ask("two", false).await.0, StatusCode::OK);
    }
}
