//! What readers mute and unmute.

use super::append::Numbered;
use super::target_parts;
use crate::error::Result;
use crate::lane::Tx;
use autoglm_domain::{EventKind, EventTarget, ReaderId};

pub(super) async fn change_rules(tx: &Tx, new: &[Numbered<'_>]) -> Result<()> {
    for Numbered { reader, event, .. } in new {
        // One article is hidden, not muted: a rule is about something that comes again.
        if matches!(event.target, EventTarget::Article(_)) {
            continue;
        }
        let (kind, key) = target_parts(&event.target);
        match event.kind {
            EventKind::Mute => mute(tx, *reader, kind, &key).await?,
            EventKind::Unmute => {
                let sql = tx.sql(
                    "DELETE FROM rule WHERE reader_id = ? AND kind = 'mute' AND target_kind = ? AND target_key = ?",
                );
                tx.execute(sql.with(reader.0).with(kind).with(key)).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn mute(tx: &Tx, reader: ReaderId, kind: &'static str, key: &str) -> Result<()> {
    let known = tx.sql(
        "SELECT id FROM rule WHERE reader_id = ? AND kind = 'mute' AND target_kind = ? AND target_key = ?",
    );
    if tx.one(known.with(reader.0).with(kind).with(key)).await?.is_some() {
        return Ok(());
    }
    let id = tx.take_numbers("rule", 1).await?;
    let mut sql = tx.sql(
        "INSERT INTO rule (id, reader_id, kind, target_kind, target_key, created_at) VALUES (?, ?, 'mute', ?, ?, ?)",
    );
    sql.bind(id).bind(reader.0).bind(kind).bind(key).bind(tx.now.0);
    tx.execute(sql).await?;
    Ok(())
}
