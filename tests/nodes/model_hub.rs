//! A hub of models on loopback: its layout, ranges, and downloads that break off.

use anyhow::{Context as _, Result};
use autoglm_inference::catalog::sha256_of;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What one repository holds, and what was asked for.
#[derive(Debug, Default)]
struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
    listing: String,
    /// Paths whose next answers break off in the middle.
    broken: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
}

/// Serves `owner/small` at `http://hub.test:{port}`.
pub(crate) struct ModelHub {
    pub(crate) port: u16,
    shelf: Arc<Shelf>,
}

impl ModelHub {
    /// The files of a folder; answers for the paths in `broken` break off, each once.
    pub(crate) async fn start(
        folder: &Path,
        broken: &[&str],
        sha256: Option<&str>,
    ) -> Result<Self> {
        let (mut files, mut listing) = (BTreeMap::new(), Vec::new());
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let (bytes, hash) = sha256_of(&entry.path())?;
            let mut line = json!({ "type": "file", "path": name, "size": bytes });
            if name.ends_with(".safetensors") {
                line["lfs"] = json!({ "oid": sha256.unwrap_or(&hash), "size": bytes });
            }
            listing.push(line);
            files.insert(name, std::fs::read(entry.path())?);
        }
        let shelf = Arc::new(Shelf {
            files,
            listing: json!(listing).to_string(),
            broken: Mutex::new(broken.iter().map(|path| (*path).to_owned()).collect()),
            asked: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let served = Arc::clone(&shelf);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shelf = Arc::clone(&served);
                // A client that goes away is its own affair.
                tokio::spawn(async move { serve(stream, &shelf).await.unwrap_or_default() });
            }
        });
        Ok(Self { port, shelf })
    }

    /// Requests for a path, each with its range.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.shelf.asked.lock().expect("not poisoned");
        asked.iter().filter(|line| line.contains(path)).cloned().collect()
    }
}

async fn serve(stream: TcpStream, shelf: &Shelf) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut range) = (String::new(), None);
    stream.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(from) = line.strip_prefix("range: bytes=") {
            range = from.trim_end_matches('-').parse::<usize>().ok();
        }
    }
    let path = first.split(' ').nth(1).context("a path")?.to_owned();
    shelf.asked.lock().expect("not poisoned").push(format!("{path} {range:?}"));
    let mut out = stream.into_inner();
    if path.starts_with("/api/models/owner/small/tree/main") {
        return answer(&mut out, "200 OK", "", shelf.listing.as_bytes(), usize::MAX).await;
    }
    let name = path.strip_prefix("/owner/small/resolve/main/").unwrap_or_default();
    let Some(file) = shelf.files.get(name) else {
        return answer(&mut out, "404 Not Found", "", b"", usize::MAX).await;
    };
    let breaks = {
        let mut broken = shelf.broken.lock().expect("not poisoned");
        broken.iter().position(|path| path == name).map(|index| broken.remove(index)).is_some()
    };
    let from = range.unwrap_or(0).min(file.len());
    let sent = if breaks { (file.len() - from) / 2 } else { usize::MAX };
    let (status, header) = match range {
        Some(_) => (
            "206 Partial Content",
            format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len()),
        ),
        None => ("200 OK", String::new()),
    };
    answer(&mut out, status, &header, file.get(from..).unwrap_or_default(), sent).await
}

async fn answer(
    out: &mut TcpStream,
    status: &str,
    header: &str,
    body: &[u8],
    sent: usize,
) -> Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{header}\r\n"
    );
    out.write_all(head.as_bytes()).await?;
    out.write_all(body.get(..sent.min(length)).unwrap_or_default()).await?;
    Ok(out.shutdown().await?)
}
