//! Reads one feed from a file and prints its articles: `read_one_feed FILE [BASE-URL]`.

use autoglm_domain::{Clock, SourceId, SystemClock};
use autoglm_feeds::{normalise, read_feed};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("say which file to read: read_one_feed FILE [BASE-URL]")?;
    let base_url = arguments.next().unwrap_or_default();
    let body = std::fs::read(&path)?;
    let feed = read_feed(&body, None, &base_url)?;
    println!(
        "{} <{}>",
        feed.title.as_deref().unwrap_or("(no title)"),
        feed.site_url.as_deref().unwrap_or("")
    );
    for problem in &feed.problems {
        println!("problem: {problem}");
    }
    for article in normalise(feed, SourceId(1), SystemClock.now()) {
        let date = article.published_at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let language = article.language.map(|language| language.to_string()).unwrap_or_default();
        println!("\n{}\n  {} {date} [{language}]", article.title, article.url);
        println!("  {}", article.content_text.lines().next().unwrap_or(""));
    }
    Ok(())
}
