//! The built-in source: a short guide to the product, so that the page is never empty.

use autoglm_domain::{ArticleDraft, Source, Timestamp};

/// Address of the built-in source; not a place anybody can fetch from.
pub const GUIDE_URL: &str = "autoglm:guide";

/// Title of the built-in source.
pub const GUIDE_TITLE: &str = "Open-AutoGLM · 使用指南";

struct Page {
    id: &'static str,
    language: &'static str,
    title: &'static str,
    html: &'static str,
}

const PAGES: [Page; 6] = [
    Page {
        id: "welcome-en",
        language: "en",
        title: "Welcome to Open-AutoGLM: your first five minutes",
        html: "<p>This node reads your sources, understands every article on your own machine and learns what you care about. Nothing you read leaves it.</p>\
<p>Open <strong>Sources</strong> and paste the address of a feed. Articles appear in <strong>Latest</strong> within seconds, and in <strong>For you</strong> once they have a topic, a summary and a story.</p>\
<ul><li><kbd>j</kbd> and <kbd>k</kbd> move through a list, <kbd>o</kbd> opens, <kbd>v</kbd> goes to the original page.</li>\
<li><kbd>s</kbd> saves, <kbd>m</kbd> marks as read or unread, <kbd>x</kbd> hides.</li>\
<li><kbd>/</kbd> searches, <kbd>?</kbd> shows every key.</li></ul>",
    },
    Page {
        id: "welcome-zh",
        language: "zh",
        title: "欢迎使用 Open-AutoGLM：最初的五分钟",
        html: "<p>这个节点会读取您订阅的来源，在您自己的机器上理解每一篇文章，并逐渐了解您关心什么。您的阅读记录不会离开这台机器。</p>\
<p>打开“来源”页面，粘贴一个订阅源的地址。新文章几秒钟内出现在“最新”里；等它有了主题、摘要和所属事件之后，也会出现在“推荐”里。</p>\
<ul><li><kbd>j</kbd>、<kbd>k</kbd> 上下移动，<kbd>o</kbd> 打开，<kbd>v</kbd> 查看原文。</li>\
<li><kbd>s</kbd> 收藏，<kbd>m</kbd> 标记已读或未读，<kbd>x</kbd> 隐藏。</li>\
<li><kbd>/</kbd> 搜索，<kbd>?</kbd> 查看全部快捷键。</li></ul>",
    },
    Page {
        id: "ranking-en",
        language: "en",
        title: "How the order of articles is decided, and how you change it",
        html: "<p>Without any history, articles are ordered by freshness and by what readers of this node open. With every article you open, save or hide, your own interests count for more; after about five of them they count for half.</p>\
<p>Each recommendation says why it is there. If you disagree, hide the article, ask for less like it, or mute its source, topic or story: a muted thing never comes back by itself, whatever was learned.</p>",
    },
    Page {
        id: "ranking-zh",
        language: "zh",
        title: "文章的顺序由什么决定，您又如何改变它",
        html: "<p>刚开始没有阅读记录时，顺序取决于文章的新旧，以及本节点的读者都打开了什么。此后您每打开、收藏或隐藏一篇文章，您自己的兴趣就多占一分；大约五次之后，它就占到一半。</p>\
<p>每条推荐都写明理由。不认同的话，可以隐藏这篇文章，选择“减少此类内容”，或者屏蔽它的来源、主题、事件：被屏蔽的内容不会自己回来，无论系统学到了什么。</p>",
    },
    Page {
        id: "operator-en",
        language: "en",
        title: "For the operator: where to look when something seems slow",
        html: "<p>When the node starts it prints a link to the operator's page. It shows the way of an article from fetching to pushing with rate, delay and queue at each stage, every source with its health and next fetch, the devices and the tree of actors.</p>\
<p>The same figures are at <code>/metrics</code> for Prometheus, and <code>autoglm status</code> prints them in the terminal. A source that fails says what is wrong and when it is tried again.</p>",
    },
    Page {
        id: "operator-zh",
        language: "zh",
        title: "致管理员：感觉变慢时该看哪里",
        html: "<p>节点启动时会打印管理页面的链接。页面上画出文章从抓取到推送的整个过程，每一步都有速率、延迟和排队数；还能看到每个来源的状态和下次抓取时间、推理设备，以及全部执行单元。</p>\
<p>同样的数字在 <code>/metrics</code> 供 Prometheus 读取，<code>autoglm status</code> 则在终端里显示。抓取失败的来源会说明原因和下次重试的时间。</p>",
    },
];

/// The guide's articles as drafts of this source.
#[must_use]
pub fn drafts(source: &Source, now: Timestamp) -> Vec<ArticleDraft> {
    let items: Vec<serde_json::Value> = PAGES
        .iter()
        .map(|page| {
            serde_json::json!({
                "id": format!("autoglm:guide/{}", page.id),
                "title": page.title,
                "content_html": page.html,
                "language": page.language,
                "authors": [{ "name": "Open-AutoGLM" }],
            })
        })
        .collect();
    let document = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": GUIDE_TITLE,
        "items": items,
    });
    // The guide goes through the same reading and cleaning as every other source.
    match autoglm_feeds::read_feed(
        document.to_string().as_bytes(),
        Some("application/feed+json"),
        "https://guide.invalid/",
    ) {
        Ok(feed) => autoglm_feeds::normalise(feed, source.id, now),
        Err(error) => {
            tracing::error!(%error, "the built-in guide cannot be read");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{Language, SourceId, SourceKind, SourceSettings};
    use std::time::Duration;

    #[test]
    fn the_guide_is_there_in_both_languages() {
        let source = Source {
            id: SourceId(1),
            kind: SourceKind::BuiltIn,
            url: GUIDE_URL.to_owned(),
            settings: SourceSettings::default(),
            private: None,
            title: GUIDE_TITLE.to_owned(),
            site_url: String::new(),
            interval: Duration::from_secs(900),
            paused: false,
            etag: None,
            last_modified: None,
        };
        let drafts = drafts(&source, Timestamp(1_790_000_000_000));
        assert_eq!(drafts.len(), PAGES.len());
        for language in [Language::ENGLISH, Language::CHINESE] {
            assert_eq!(drafts.iter().filter(|draft| draft.language == Some(language)).count(), 3);
        }
    }
}
