//! The origin of the benchmarks, in a process of its own: every response of `/feed` brings ten new
//! articles of about 1 KB, and `/still` has the same one for ever.

use anyhow::Result;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Articles in each response.
pub(crate) const ARTICLES_PER_RESPONSE: u64 = 10;

static NEXT_ARTICLE: AtomicU64 = AtomicU64::new(1);

/// What tells the still document's version.
const ETAG: &str = "\"still\"";

/// Syllables the words are made of: 13,824 different words, about as many as a newspaper uses.
const SYLLABLES: [&str; 24] = [
    "ra", "mo", "ten", "vil", "sar", "ko", "lum", "des", "pra", "nor", "fi", "gal", "tur", "en",
    "bas", "cor", "li", "mar", "ost", "pel", "qua", "ris", "sto", "ve",
];

/// Serves on a free port of loopback, prints the port, and runs until killed.
pub(crate) async fn run() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (socket, _peer) = listener.accept().await?;
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ended = serve(socket).await;
        });
    }
}

async fn serve(mut socket: TcpStream) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            buffer.drain(..end + 4);
            let answer = match head.starts_with("get /still") {
                true => still(&head),
                false => response(),
            };
            socket.write_all(&answer).await?;
        }
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

fn response() -> Vec<u8> {
    let first = NEXT_ARTICLE.fetch_add(ARTICLES_PER_RESPONSE, Ordering::Relaxed);
    feed(first..first + ARTICLES_PER_RESPONSE, "")
}

/// One article by the number of the host, and "not modified" to whoever has it.
fn still(head: &str) -> Vec<u8> {
    if head.contains("if-none-match:") {
        return format!("HTTP/1.1 304 Not Modified\r\netag: {ETAG}\r\n\r\n").into_bytes();
    }
    let host = head.split_once("host: s").map_or("", |(_, host)| host);
    let number = host.split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    feed(number..number + 1, &format!("etag: {ETAG}\r\n"))
}

fn feed(numbers: std::ops::Range<u64>, headers: &str) -> Vec<u8> {
    let mut body = String::with_capacity(16 * 1024);
    body.push_str(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>Bench</title>\
         <link>http://bench.test/</link>",
    );
    for number in numbers {
        push_item(&mut body, number);
    }
    body.push_str("</channel></rss>");
    let mut response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body.as_bytes());
    response
}

fn push_item(body: &mut String, number: u64) {
    // A multiplicative generator: cheap, and different words for every article.
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let syllable = |shift: u32| SYLLABLES[((state >> shift) % SYLLABLES.len() as u64) as usize];
        [syllable(3), syllable(17), syllable(31)].concat()
    };
    body.push_str(&format!(
        "<item><guid isPermaLink=\"false\">bench-{number}</guid><title>The {} and the {} of the {} {number}</title>\
         <link>http://bench.test/{number}</link><description>&lt;p&gt;",
        word(),
        word(),
        word()
    ));
    let start = body.len();
    while body.len() - start < 900 {
        body.push_str("The ");
        body.push_str(&word());
        body.push_str(" near the ");
        body.push_str(&word());
        body.push_str(" waits for the ");
        body.push_str(&word());
        body.push_str(". ");
    }
    body.push_str("&lt;/p&gt;</description></item>");
}
