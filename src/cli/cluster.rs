//! `autoglm cluster`: the nodes of a cluster, what they own, how they do, and what is wished of them.

mod figures;

use super::{Client, print_line};
use crate::config::Config;
use anyhow::{Context as _, Result, bail};
use autoglm_cluster::transport::authority::make_development_authority;
use clap::{Args, Subcommand};
use comfy_table::Table;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Time between two looks of `--watch`, and at a node that is drained.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Happenings shown under the table.
const HAPPENINGS: usize = 10;

/// What to do with the cluster.
#[derive(Debug, Subcommand)]
pub(super) enum ClusterVerb {
    /// Show the members, what each owns and has to do, how long things take, what is slow, the
    /// links, and what happened last.
    Status(StatusArgs),
    /// Give the shards of a node to the others, and wait until it owns nothing; it goes on serving.
    Drain {
        /// The node's name.
        node: String,
        /// Longest wait in seconds.
        #[arg(long, default_value_t = 120)]
        within: u64,
    },
    /// As `drain`, without waiting.
    Cordon {
        /// The node's name.
        node: String,
    },
    /// Let a node own shards again.
    Uncordon {
        /// The node's name.
        node: String,
    },
    /// Give nodes other shares of the shards, such as `rebalance a=2 b=1`.
    Rebalance {
        /// Name and weight, 1 to 1,000; a node with twice the weight gets twice as much.
        #[arg(required = true, value_name = "NODE=WEIGHT")]
        weights: Vec<String>,
    },
    /// Make certificates for links between nodes, and their authority; needs no running node.
    Certs(CertsArgs),
}

/// For which nodes, and where to.
#[derive(Debug, Args)]
pub(super) struct CertsArgs {
    /// Where the authority is kept, and a folder for each node is made.
    folder: PathBuf,
    /// Names of nodes, as in their `node.name`.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Give nodes that have a certificate a new key and a new certificate.
    #[arg(long)]
    renew: bool,
}

/// How to show it.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Show it again every second until interrupted.
    #[arg(long)]
    watch: bool,
}

/// Makes certificates on this machine.
pub(super) fn certs(args: &CertsArgs, json: bool) -> Result<()> {
    let made = make_development_authority(&args.folder, &args.names, args.renew)?;
    if json {
        let nodes = args.names.iter().zip(&made);
        let nodes = nodes.map(|(node, folder)| json!({ "node": node, "folder": folder }));
        return print_line(&json!({ "nodes": nodes.collect::<Vec<_>>() }).to_string());
    }
    for (node, folder) in args.names.iter().zip(&made) {
        let folder = folder.display();
        print_line(&format!("{node}: copy {folder} to it and set cluster.certificates to it"))?;
    }
    let authority = args.folder.join("authority");
    print_line(&format!("keep {} to yourself: it makes further nodes", authority.display()))
}

pub(super) async fn run(config: Config, verb: ClusterVerb, json: bool) -> Result<()> {
    let client = Client::new(&config)?;
    match verb {
        ClusterVerb::Certs(args) => certs(&args, json),
        ClusterVerb::Status(args) => status(&client, args.watch, json).await,
        ClusterVerb::Cordon { node } => wish(&client, &node, json!({ "cordoned": true })).await,
        ClusterVerb::Uncordon { node } => wish(&client, &node, json!({ "cordoned": false })).await,
        ClusterVerb::Drain { node, within } => {
            drain(&client, &node, Duration::from_secs(within)).await
        }
        ClusterVerb::Rebalance { weights } => rebalance(&client, &weights).await,
    }
}

async fn status(client: &Client, watch: bool, json: bool) -> Result<()> {
    loop {
        let cluster = client.get_as_operator("/admin/cluster").await?;
        let path = format!("/admin/cluster/events?limit={HAPPENINGS}");
        let events = client.get_as_operator(&path).await?;
        if json {
            print_line(&json!({ "cluster": cluster, "events": events["items"] }).to_string())?;
        } else {
            show(&cluster, &events)?;
        }
        if !watch {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn show(cluster: &Value, events: &Value) -> Result<()> {
    print_line(&format!(
        "view {} as {} sees it; {} shards without an owner",
        cluster["view"],
        text(&cluster["node"]),
        cluster["unowned"]
    ))?;
    let mut table = Table::new();
    table.set_header([
        "node", "start", "state", "roles", "weight", "readers", "hosts", "singles", "link",
    ]);
    for member in cluster["members"].as_array().into_iter().flatten() {
        let shards = &member["shards"];
        let names = |list: &Value, key: Option<&str>| {
            let item = |item: &Value| text(key.map_or(item, |key| &item[key]));
            list.as_array().into_iter().flatten().map(item).collect::<Vec<_>>().join(" ")
        };
        table.add_row([
            text(&member["name"]),
            member["incarnation"].to_string(),
            text(&member["state"]),
            names(&member["roles"], None),
            member["weight"].to_string(),
            shards["reader"].to_string(),
            shards["host"].to_string(),
            names(&shards["single"], Some("name")),
            link(&member["link"]),
        ]);
    }
    print_line(&table.to_string())?;
    if let Some(table) = figures::table(cluster) {
        print_line(&table.to_string())?;
    }
    for line in figures::hot_spots(cluster) {
        print_line(&line)?;
    }
    for event in events["items"].as_array().into_iter().flatten() {
        print_line(
            format!(
                "{}  {} {}  {}",
                text(&event["at"]),
                text(&event["node"]),
                text(&event["kind"]),
                text(&event["detail"])
            )
            .trim_end(),
        )?;
    }
    Ok(())
}

fn link(link: &Value) -> String {
    if link.is_null() {
        return String::new();
    }
    match link["round_trip_us"].as_u64() {
        Some(micros) => format!("{} {} µs", text(&link["state"]), micros),
        None => text(&link["state"]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn wish(client: &Client, node: &str, wish: Value) -> Result<()> {
    client.patch_as_operator(&node_path(node)?, &wish).await?;
    print_line(&format!("{node}: {wish} is wished; `autoglm cluster status` shows the shards move"))
}

/// The path of a node, whatever its name has in it.
fn node_path(node: &str) -> Result<String> {
    let mut url = url::Url::parse("http://node/admin/cluster/nodes").context("a fixed address")?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(node);
    }
    Ok(url.path().to_owned())
}

async fn rebalance(client: &Client, weights: &[String]) -> Result<()> {
    let parsed: Vec<(&str, u32)> =
        weights.iter().map(|pair| weight(pair)).collect::<Result<_>>()?;
    for (node, weight) in parsed {
        wish(client, node, json!({ "weight": weight })).await?;
    }
    Ok(())
}

fn weight(pair: &str) -> Result<(&str, u32)> {
    let wrong = || format!("{pair:?} is not of the form NODE=WEIGHT, such as a=2");
    let (node, weight) = pair.rsplit_once('=').with_context(wrong)?;
    Ok((node, weight.parse().with_context(wrong)?))
}

async fn drain(client: &Client, node: &str, within: Duration) -> Result<()> {
    client.patch_as_operator(&node_path(node)?, &json!({ "cordoned": true })).await?;
    let deadline = tokio::time::Instant::now() + within;
    loop {
        let cluster = client.get_as_operator("/admin/cluster").await?;
        let left = owned_by(&cluster, node);
        if left == 0 {
            return print_line(&format!("{node} owns nothing any more and may be stopped"));
        }
        if tokio::time::Instant::now() >= deadline {
            bail!("{node} still owns {left} shards after {within:?}; they go on moving");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Shards that the starts of a node own.
fn owned_by(cluster: &Value, node: &str) -> u64 {
    let members = cluster["members"].as_array().into_iter().flatten();
    let of_node = members.filter(|member| member["name"] == node);
    let count = |member: &Value| {
        let shards = &member["shards"];
        let singles = shards["single"].as_array().map_or(0, Vec::len) as u64;
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        number(&shards["reader"]) + number(&shards["host"]) + singles
    };
    of_node.map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_read_and_a_wrong_one_named() {
        assert_eq!(weight("node=a=3").expect("the last sign counts"), ("node=a", 3));
        let error = format!("{:#}", weight("a=much").expect_err("no number"));
        assert!(error.contains("NODE=WEIGHT"), "{error}");
    }

    #[test]
    fn certificates_are_made_once_and_renewed_when_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let args = |renew| CertsArgs {
            folder: folder.path().to_owned(),
            names: vec!["a".to_owned(), "b".to_owned()],
            renew,
        };
        certs(&args(false), false).expect("made");
        for file in ["authority/ca.key", "a/ca.pem", "a/node.pem", "b/node.key"] {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
        let error = format!("{:#}", certs(&args(false), false).expect_err("they are there"));
        assert!(error.contains("not overwritten"), "{error}");
        certs(&args(true), true).expect("renewed");
    }

    #[test]
    fn a_name_is_written_into_a_path() {
        assert_eq!(node_path("a b/c").expect("a path"), "/admin/cluster/nodes/a%20b%2Fc");
    }

    #[test]
    fn everything_a_node_owns_is_counted() {
        let cluster = json!({ "members": [
            { "name": "a", "shards": { "reader": 3, "host": 2, "single": [{ "name": "story" }] } },
            { "name": "b", "shards": { "reader": 9, "host": 9, "single": [] } },
        ]});
        assert_eq!(owned_by(&cluster, "a"), 6);
    }
}
