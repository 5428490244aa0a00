//! What is wrong with a configuration is told with its place, and in words that help.

use std::path::PathBuf;

use backstop_config::{Config, Environment, JsonRule, RepetitionRule, SchemaRule, ToolsRule};

const GOOD: &str = "
server: { listen: 127.0.0.1:8080, admin: 127.0.0.1:8081 }
providers:
  openai:    { api_key: ${OPENAI_API_KEY} }
  anthropic: { api_keys: [\"${ANTHROPIC_KEY_A}\", ${ANTHROPIC_KEY_B}] }
  local:     { dialect: openai-chat, base_url: http://127.0.0.1:11434/v1/ }
chains:
  writer:
    deadline: 90s
    route: priority
    mid_stream: buffer
    timeouts: { idle: 30s }
    breaker: { consecutive_failures: 3, open: 1s }
    targets:
      - { model: openai/gpt-4.1, retries: 2, timeouts: { first_token: 8s, idle: 60s }, set: { temperature: 0.5 }, drop: [seed] }
      - openai/gpt-4.1-mini
      - { model: local/qwen2.5, api_key: \"${OPENAI_API_KEY}\", window: 32768, system: { append: Be brief. } }
aliases:
  gpt-4: writer
";

fn environment() -> Environment<'static> {
    Environment::new(|name| name.contains("KEY").then(|| format!("sk-{name}")))
}

fn error(yaml: &str) -> String {
    Config::parse("backstop.yaml", yaml, &environment()).expect_err("must not pass").to_string()
}

#[test]
fn a_good_file_says_all_that_it_says() {
    let config = Config::parse("backstop.yaml", GOOD, &environment()).unwrap();
    assert_eq!(config.providers["anthropic"].api_keys.len(), 2);
    assert_eq!(config.providers["local"].base_url, "http://127.0.0.1:11434/v1");
    let writer = &config.chains["writer"];
    assert_eq!(writer.targets.len(), 3);
    assert_eq!(writer.targets[0].retries, Some(2));
    assert_eq!(writer.targets[0].timeouts.idle.unwrap().as_secs(), 60);
    assert_eq!(writer.targets[1].timeouts.idle.unwrap().as_secs(), 30);
    assert_eq!(writer.targets[0].edits.len(), 2);
    assert_eq!(writer.targets[2].overrides.window, Some(32768));
    assert_eq!(config.aliases["gpt-4"], "writer");
    assert!(!format!("{config:?}").contains("sk-"), "a key in Debug");
}

#[test]
fn every_mistake_names_its_place_and_what_to_do() {
    let table = [
        (
            "providers:\n  openai: { api_key: ${NOT_SET} }",
            "backstop.yaml:2:22: environment variable `NOT_SET` is not set",
        ),
        ("providers:\n  openai: { api_ky: x }", "backstop.yaml:2:13: unknown field `api_ky`"),
        (
            "providers:\n  openai: { api_key: x }\n  openai: { api_key: y }",
            "backstop.yaml:3:3: duplicate mapping key: openai",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a:\n    targets: [opnai/gpt-4.1]",
            "backstop.yaml:5:15: there is no provider `opnai`; did you mean `openai`?",
        ),
        (
            "providers:\n  mine: { base_url: http://127.0.0.1:1 }",
            "backstop.yaml:2:9: provider `mine` is not in the catalogue, so it needs a `dialect`",
        ),
        (
            "providers:\n  mine: { dialect: openai-chat, base_url: localhost }",
            "backstop.yaml:2:43: a `base_url` must be `http://` or `https://`",
        ),
        ("providers:\n  openai: { dialect: gopher }", "backstop.yaml:2:22: unknown dialect `gopher`"),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { targets: [] }",
            "backstop.yaml:4:17: chain `a` has no targets",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { targets: [gpt] }",
            "backstop.yaml:4:18: `gpt` is no target",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { deadline: soon, targets: [openai/x] }",
            "backstop.yaml:4:18: `soon` is no length of time",
        ),
        (
            "server: { listen: 0.0.0.0:80 }\nproviders:\n  openai: { api_key: x }",
            "backstop.yaml:1:19: `0.0.0.0:80` can be reached from other machines",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { validate: { json: maybe }, targets: [openai/x] }",
            "backstop.yaml:4:26: unknown `json` rule `maybe`; choose `always`, `requested` or `off`",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { validate: { json_schema: 7 }, targets: [openai/x] }",
            "backstop.yaml:4:33: a `json_schema` is `request`, `off`, or the schema itself",
        ),
        (
            "providers:\n  openai: { api_key: x }\nchains:\n  a: { validate: { repetition: { span: 100, unit: 50 } }, targets: [openai/x] }",
            "backstop.yaml:4:32: `unit` must be at most a quarter of `span`",
        ),
        (
            "server: { listen: here }\nproviders:\n  openai: { api_key: x }",
            "backstop.yaml:1:19: `here` is no address",
        ),
        (
            "providers:\n  openai: { api_key: x }\naliases: { a: b }",
            "backstop.yaml:3:15: alias `a` stands for `b`, which is neither",
        ),
        ("providers: [", "backstop.yaml:1:"),
        ("", "backstop.yaml: no provider is configured"),
    ];
    for (yaml, expected) in table {
        let error = error(yaml);
        assert!(error.starts_with(expected), "for:\n{yaml}\nexpected: {expected}\ngot:      {error}");
        assert_eq!(error.lines().count(), 1, "one mistake, one line: {error}");
    }
}

#[test]
fn one_run_tells_of_several_mistakes() {
    let error = error(
        "providers:\n  openai: { api_key: x }\nchains:\n  a: { route: luck, targets: [gpt] }\n  b: { targets: [] }",
    );
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn files_merge_and_nothing_may_stand_in_two() {
    let directory = std::env::temp_dir().join(format!("backstop-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (one, two) = (directory.join("one.yaml"), directory.join("two.yaml"));
    std::fs::write(&one, "providers: { openai: { api_key: x } }").unwrap();
    std::fs::write(&two, "chains: { a: { targets: [openai/gpt-4.1] } }").unwrap();
    let config = Config::load(&[one.clone(), two.clone()], &Environment::empty()).unwrap();
    assert_eq!(config.chains["a"].targets[0].provider, "openai");

    let twice = Config::load(&[one.clone(), one], &Environment::empty()).unwrap_err().to_string();
    assert!(twice.contains("stands in another file already"), "{twice}");
    let missing =
        Config::load(&[PathBuf::from("no-such.yaml")], &Environment::empty()).unwrap_err().to_string();
    assert_eq!(missing, "no-such.yaml: there is no such file; name one with `--config FILE`");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_environment_alone_makes_a_chain() {
    let config = Config::from_environment(&environment()).unwrap();
    let chain = &config.chains["default"];
    let providers: Vec<_> = chain.targets.iter().map(|target| target.provider.as_str()).collect();
    assert_eq!(providers, ["openai", "anthropic", "google", "mistral", "deepseek", "qwen"]);
    let none = Config::from_environment(&Environment::empty()).unwrap_err().to_string();
    assert!(none.contains("OPENAI_API_KEY"), "{none}");
}

#[test]
fn a_target_refuses_what_it_says_and_else_what_its_chain_says() {
    let yaml = "
providers: { openai: { api_key: x } }
chains:
  a:
    validate:
      non_empty: true
      repetition: { span: 2KiB }
      json: requested
      json_schema: request
      tools: declared
    targets:
      - openai/one
      - model: openai/two
        validate:
          non_empty: false
          repetition: false
          json_schema: { type: object, required: [a] }
";
    let config = Config::parse("backstop.yaml", yaml, &environment()).unwrap();
    let [one, two] = &config.chains["a"].targets[..] else { panic!("two targets") };
    assert_eq!(one.validate.rules(), ["non_empty", "repetition", "json", "json_schema", "tools"]);
    assert_eq!(one.validate.repetition, Some(RepetitionRule::On { span: Some(2048), unit: None }));
    assert_eq!(one.validate.json_schema, Some(SchemaRule::Requested));
    assert_eq!(two.validate.rules(), ["json", "json_schema", "tools"]);
    assert_eq!(two.validate.json, Some(JsonRule::Requested));
    assert_eq!(two.validate.tools, Some(ToolsRule::Declared));
    let Some(SchemaRule::Is(schema)) = &two.validate.json_schema else { panic!("a schema") };
    assert_eq!(schema.as_str(), r#"{"required":["a"],"type":"object"}"#);
}
