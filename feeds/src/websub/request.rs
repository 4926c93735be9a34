//! The forms a hub is sent.

use autoglm_domain::{HubKeys, HubSubscription};
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// Asks for pushes, or for more of them before the lease ends.
#[must_use]
pub fn subscribe_form(wanted: &HubSubscription, keys: &HubKeys, lease: Duration) -> String {
    let mut form = form("subscribe", wanted, keys);
    form.append_pair("hub.secret", &keys.secret);
    form.append_pair("hub.lease_seconds", &lease.as_secs().to_string());
    form.finish()
}

/// Asks for no more pushes.
#[must_use]
pub fn end_form(ending: &HubSubscription, keys: &HubKeys) -> String {
    form("unsubscribe", ending, keys).finish()
}

fn form(mode: &str, subscription: &HubSubscription, keys: &HubKeys) -> Serializer<'static, String> {
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.mode", mode);
    form.append_pair("hub.topic", &subscription.topic);
    form.append_pair("hub.callback", &keys.callback);
    // Hubs of the time before WebSub insist on it; the others must not mind.
    form.append_pair("hub.verify", "async");
    form
}

#[cfg(test)]
mod tests {
    use super::super::lease;
    use super::*;
    use autoglm_domain::{HubPlace, SourceId, Timestamp};
    use std::collections::HashMap;

    #[test]
    fn a_form_says_everything_once_and_escapes_it() {
        let topic = "https://news.example/feed?a=1&b=2";
        let place = HubPlace { hub: "https://h.example/".into(), topic: topic.into() };
        let wanted = lease::wanted(SourceId(1), place, Timestamp(0));
        let callback = "https://me.example/websub/t".to_owned();
        let keys = HubKeys { callback: callback.clone(), secret: "s".repeat(64) };
        let read = |form: &str| -> HashMap<String, String> {
            url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
        };
        let form = read(&subscribe_form(&wanted, &keys, Duration::from_secs(864_000)));
        assert_eq!(form["hub.mode"], "subscribe");
        assert_eq!((form["hub.topic"].as_str(), &form["hub.callback"]), (topic, &callback));
        assert_eq!(form["hub.lease_seconds"], "864000");
        assert_eq!(form["hub.secret"].len(), 64);
        let form = read(&end_form(&wanted, &keys));
        assert_eq!(form["hub.mode"], "unsubscribe");
        assert!(!form.contains_key("hub.secret"));
    }
}
