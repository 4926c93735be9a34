//! How a source is asked, from the command line. What is secret comes from files or standard input: a
//! command line is seen by everybody on the machine and kept in histories.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

#[derive(Debug, Args)]
pub(super) struct RequestArgs {
    /// Another user agent than the node's.
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// 'Name: value', or @FILE with one a line; may be given several times. @- reads standard input.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// File with the cookies as a browser sends them (name=value; name=value); - for standard input.
    #[arg(long, value_name = "FILE")]
    cookie_file: Option<PathBuf>,
    /// File with user:password of HTTP basic authentication; - for standard input.
    #[arg(long, value_name = "FILE")]
    basic_file: Option<PathBuf>,
    /// File with a bearer token; - for standard input.
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,
    /// One of the proxies of fetch.proxies, by name.
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
}

impl RequestArgs {
    /// As the interface takes it; nothing when nothing is given.
    pub(super) fn wish(&self) -> Result<Option<Value>> {
        let files = [&self.cookie_file, &self.basic_file, &self.bearer_file].into_iter().flatten();
        let from_input = files.filter(|file| file.as_os_str() == STANDARD_INPUT).count()
            + self.headers.iter().filter(|header| *header == "@-").count();
        if from_input > 1 {
            bail!("standard input can be read for one thing only; put the others into files");
        }
        let mut wish = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            wish.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("user_agent", self.user_agent.as_deref().map(Value::from));
        set("headers", headers(&self.headers)?.map(Value::Object));
        set("cookie", secret(self.cookie_file.as_deref())?.map(Value::from));
        set("bearer", secret(self.bearer_file.as_deref())?.map(Value::from));
        set("basic", secret(self.basic_file.as_deref())?.map(|pair| basic(&pair)).transpose()?);
        set("proxy", self.proxy.as_deref().map(Value::from));
        Ok((!wish.is_empty()).then_some(Value::Object(wish)))
    }
}

fn headers(given: &[String]) -> Result<Option<Map<String, Value>>> {
    let mut headers = Map::new();
    for header in given {
        let lines = match header.strip_prefix('@') {
            Some(file) => read(Path::new(file))?,
            None => header.clone(),
        };
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            // The line itself may be secret and is not repeated.
            let (name, value) =
                line.split_once(':').context("a header has no colon; write 'Name: value'")?;
            headers.insert(name.trim().to_owned(), value.trim().into());
        }
    }
    Ok((!headers.is_empty()).then_some(headers))
}

fn basic(pair: &str) -> Result<Value> {
    let (user, password) =
        pair.split_once(':').context("--basic-file holds no colon; write user:password")?;
    Ok(json!({ "user": user, "password": password }))
}

/// The text of a file without the end of its last line.
fn secret(file: Option<&Path>) -> Result<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let text = read(file)?.trim_end_matches(['\n', '\r']).to_owned();
    anyhow::ensure!(!text.is_empty(), "{} is empty", file.display());
    Ok(Some(text))
}

fn read(file: &Path) -> Result<String> {
    if file.as_os_str() != STANDARD_INPUT {
        return std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RequestArgs {
        RequestArgs {
            user_agent: None,
            headers: Vec::new(),
            cookie_file: None,
            basic_file: None,
            bearer_file: None,
            proxy: None,
        }
    }

    #[test]
    fn secrets_come_from_files_and_are_repeated_in_no_complaint() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let lines = file("headers", "X-Key: k:1\n\nAccept: text/xml\n");
        let given = RequestArgs {
            user_agent: Some("Mine/1".into()),
            headers: vec![format!("@{}", lines.display()), "X-Other: o".into()],
            cookie_file: Some(file("cookie", "a=1; b=2\n")),
            basic_file: Some(file("basic", "ada: p:w \n")),
            ..args()
        };
        let wish = given.wish().expect("read").expect("something");
        let expected = json!({
            "user_agent": "Mine/1",
            "headers": {"X-Key": "k:1", "Accept": "text/xml", "X-Other": "o"},
            "cookie": "a=1; b=2",
            "basic": {"user": "ada", "password": " p:w "},
        });
        assert_eq!(wish, expected);
        assert_eq!(args().wish().expect("nothing"), None);
        let wrong = RequestArgs { basic_file: Some(file("wrong", "s-e-c-r-e-t")), ..args() };
        let complaint = format!("{:#}", wrong.wish().expect_err("no colon"));
        assert!(complaint.contains("colon") && !complaint.contains("s-e-c"), "{complaint}");
        let twice =
            RequestArgs { cookie_file: Some("-".into()), headers: vec!["@-".into()], ..args() };
        assert!(twice.wish().expect_err("one input").to_string().contains("one thing only"));
    }
}
