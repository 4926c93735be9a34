//! A conversation as the ids a family was trained on.
//!
//! Markers of roles are written as ids and nothing else is: the texts of messages are encoded by
//! themselves and can never become a marker, whatever they imitate.

mod template;

use super::config::{DecoderConfig, Layout};
use super::error::DecoderError;
use super::vocabulary::Vocabulary;
use crate::error::Result;
use crate::generate::{Message, Role};
use std::path::Path;
use template::ChatTemplate;

/// A part of a prompt before it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// An id.
    Marker(u32),
    /// Text, and whether any of it comes from outside.
    Text(String, Source),
}

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The same in every prompt with the same instructions.
    Ours,
    /// A message of a user, or what was answered to it.
    Conversation,
}

/// A prompt as ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prompt {
    pub(super) ids: Vec<u32>,
    /// How many of them come before anything from outside.
    pub(super) shared: usize,
}

/// How a family writes a conversation when its folder has no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// ChatGLM-6B: rounds of question and answer, markers at the end.
    Rounds,
    /// ChatGLM2-6B: rounds that count from one, markers at the beginning.
    RoundsFromOne,
    /// ChatGLM3-6B, GLM-4 and GLM-4-0414: a marker before each role.
    Roles {
        /// The two markers before the first role; GLM-Edge has none.
        start: [&'static str; 2],
        /// Whether they are written.
        marked: bool,
    },
}

/// Writes prompts.
#[derive(Debug)]
pub(super) struct PromptWriter {
    style: Style,
    template: Option<ChatTemplate>,
    /// Why the folder's template is not used.
    warning: Option<String>,
}

impl PromptWriter {
    pub(super) fn load(folder: &Path, config: &DecoderConfig, vocabulary: &Vocabulary) -> Self {
        let style = style_of(config, vocabulary);
        let loaded = match config.layout {
            // Published before there were templates, or with ones that are not trained on.
            Layout::ChatGlm | Layout::ChatGlm2 => Ok(None),
            Layout::Glm => ChatTemplate::load(folder),
        };
        match loaded {
            Ok(template) => Self { style, template, warning: None },
            Err(error) => Self { style, template: None, warning: Some(error.to_string()) },
        }
    }

    /// Why the folder's own template is not used, if it has one.
    pub(super) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The prompt for an answer to these messages, at most about `most` ids.
    pub(super) fn write(
        &self,
        messages: &[Message],
        vocabulary: &Vocabulary,
        most: usize,
    ) -> Result<Prompt> {
        if messages.iter().all(|message| message.text.trim().is_empty()) {
            return Err(DecoderError::Empty.into());
        }
        let pieces = match &self.template {
            Some(template) => template.write(messages, vocabulary)?,
            None => self.style.write(messages, vocabulary)?,
        };
        encode(&pieces, vocabulary, most)
    }
}

fn encode(pieces: &[Piece], vocabulary: &Vocabulary, most: usize) -> Result<Prompt> {
    let mut prompt = Prompt::default();
    let mut ours = true;
    for piece in pieces {
        ours &= !matches!(piece, Piece::Text(_, Source::Conversation));
        match piece {
            Piece::Marker(id) => prompt.ids.push(*id),
            Piece::Text(text, _) => prompt.ids.extend(vocabulary.encode(text, most)?),
        }
        if ours {
            prompt.shared = prompt.ids.len();
        }
    }
    Ok(prompt)
}

fn style_of(config: &DecoderConfig, vocabulary: &Vocabulary) -> Style {
    let written = |start: [&'static str; 2]| Style::Roles { start, marked: true };
    match config.layout {
        Layout::ChatGlm => Style::Rounds,
        Layout::ChatGlm2 if config.rounds => Style::RoundsFromOne,
        Layout::ChatGlm2 if vocabulary.marker("sop").is_some() => written(["[gMASK]", "sop"]),
        Layout::ChatGlm2 => written(["[gMASK]", "<sop>"]),
        // GLM-Edge, which turns whole heads, begins with the first role.
        Layout::Glm => {
            Style::Roles { start: ["[gMASK]", "<sop>"], marked: config.turning() < config.head }
        }
    }
}

impl Style {
    fn write(self, messages: &[Message], vocabulary: &Vocabulary) -> Result<Vec<Piece>> {
        match self {
            Self::Rounds => {
                let mut pieces = vec![Piece::Text(rounds(messages, self), whose(messages))];
                pieces.push(Piece::Marker(vocabulary.require("[gMASK]")?));
                pieces.push(Piece::Marker(vocabulary.require("<sop>")?));
                Ok(pieces)
            }
            Self::RoundsFromOne => Ok(vec![
                Piece::Marker(vocabulary.require("[gMASK]")?),
                Piece::Marker(vocabulary.require("sop")?),
                Piece::Text(rounds(messages, self), whose(messages)),
            ]),
            Self::Roles { start, marked } => {
                let mut pieces = Vec::new();
                for marker in start.into_iter().filter(|_| marked) {
                    pieces.push(Piece::Marker(vocabulary.require(marker)?));
                }
                for message in messages {
                    pieces.push(Piece::Marker(vocabulary.require(marker_of(message.role))?));
                    pieces.push(Piece::Text("\n".to_owned(), Source::Ours));
                    pieces.push(Piece::Text(message.text.clone(), source_of(message)));
                }
                pieces.push(Piece::Marker(vocabulary.require(marker_of(Role::Assistant))?));
                Ok(pieces)
            }
        }
    }
}

fn marker_of(role: Role) -> &'static str {
    match role {
        Role::System => "<|system|>",
        Role::User => "<|user|>",
        Role::Assistant => "<|assistant|>",
    }
}

fn source_of(message: &Message) -> Source {
    match message.role {
        Role::System => Source::Ours,
        Role::User | Role::Assistant => Source::Conversation,
    }
}

/// Rounds are one text, and so from outside if any part of it is.
fn whose(messages: &[Message]) -> Source {
    if messages.iter().all(|message| message.role == Role::System) {
        Source::Ours
    } else {
        Source::Conversation
    }
}

/// The two oldest families know no instructions: they stand before the next question.
fn rounds(messages: &[Message], style: Style) -> String {
    let mut text = String::new();
    let mut instructions = String::new();
    let mut round = usize::from(style == Style::RoundsFromOne);
    let gap = if style == Style::RoundsFromOne { "\n\n" } else { "\n" };
    let questions = messages.iter().filter(|message| message.role == Role::User).count();
    let is_plain = style == Style::Rounds && questions <= 1;
    for message in messages {
        match message.role {
            Role::System => {
                instructions.push_str(&message.text);
                instructions.push_str("\n\n");
            }
            Role::User if is_plain => {
                text.push_str(&instructions);
                text.push_str(&message.text);
                instructions.clear();
            }
            Role::User => {
                text.push_str(&format!(
                    "[Round {round}]{gap}问：{instructions}{}{gap}答：",
                    message.text
                ));
                instructions.clear();
                round += 1;
            }
            Role::Assistant => {
                text.push_str(&message.text);
                text.push_str(gap);
            }
        }
    }
    text.push_str(instructions.trim_end());
    text
}

#[cfg(test)]
mod tests;
