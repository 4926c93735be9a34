//! The chat template of a model's folder.
//!
//! It is rendered with placeholders instead of the messages' texts. What the template itself
//! writes may contain markers; what stands in for a text is put in afterwards and is only text.

use super::{Piece, Source, source_of};
use crate::decoder::config::read_text;
use crate::decoder::error::DecoderError;
use crate::decoder::vocabulary::Vocabulary;
use crate::generate::{Message, Role};
use minijinja::value::Value;
use minijinja::{Environment, Error as TemplateError, ErrorKind, State, context};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Bytes of what a template may render to, placeholders not replaced.
const RENDERED_MAX: usize = 1 << 16;
/// Around the number of a message that stands for its text; no template writes these by itself.
const OPEN: char = '\u{F8F0}';
const CLOSE: char = '\u{F8F1}';

/// A template that was tried once.
#[derive(Debug)]
pub(super) struct ChatTemplate {
    file: PathBuf,
    environment: Environment<'static>,
    /// Tokens the template may name, such as `eos_token`.
    names: Vec<(&'static str, String)>,
}

impl ChatTemplate {
    /// From `chat_template.jinja`, else `tokenizer_config.json`; `None` when there is none.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>, DecoderError> {
        let configuration = folder.join("tokenizer_config.json");
        let settings: Json = if configuration.is_file() {
            serde_json::from_str(&read_text(&configuration)?).map_err(|error| {
                DecoderError::Template { file: configuration.clone(), reason: error.to_string() }
            })?
        } else {
            Json::Null
        };
        let alone = folder.join("chat_template.jinja");
        let (file, source) = if alone.is_file() {
            let source = read_text(&alone)?;
            (alone, source)
        } else if let Some(source) = settings.get("chat_template").and_then(text_of_template) {
            (configuration, source)
        } else {
            return Ok(None);
        };
        let names = ["bos_token", "eos_token", "pad_token"];
        let names = names.map(|name| (name, token_text(settings.get(name)))).to_vec();
        let mut environment = Environment::new();
        environment.set_unknown_method_callback(call_method);
        environment.add_function("raise_exception", raise_exception);
        let template = Self::add(environment, source)
            .map(|environment| Self { file: file.clone(), environment, names })
            .map_err(|error| DecoderError::Template { file, reason: error.to_string() })?;
        template.try_out()?;
        Ok(Some(template))
    }

    fn add(
        mut environment: Environment<'static>,
        source: String,
    ) -> Result<Environment<'static>, TemplateError> {
        environment.add_template_owned("chat", source)?;
        Ok(environment)
    }

    /// A template that drops or repeats a message is of no use.
    fn try_out(&self) -> Result<(), DecoderError> {
        let messages = [(Role::System, 0), (Role::User, 1)];
        let rendered = self.render(&messages)?;
        for (_, number) in messages {
            if rendered.matches(&placeholder(number)).count() != 1 {
                return Err(self.wrong("it does not write every message once"));
            }
        }
        Ok(())
    }

    pub(super) fn write(
        &self,
        messages: &[Message],
        vocabulary: &Vocabulary,
    ) -> Result<Vec<Piece>, DecoderError> {
        let numbered: Vec<(Role, usize)> =
            messages.iter().enumerate().map(|(number, message)| (message.role, number)).collect();
        let rendered = self.render(&numbered)?;
        let mut pieces = Vec::new();
        let mut seen = vec![false; messages.len()];
        for (at, part) in rendered.split(OPEN).enumerate() {
            let written = if at == 0 {
                part
            } else {
                let (number, rest) = part.split_once(CLOSE).unwrap_or(("", part));
                let number = number.parse::<usize>().ok();
                let known =
                    number.and_then(|number| messages.get(number).zip(seen.get_mut(number)));
                let (message, seen) =
                    known.ok_or_else(|| self.wrong("it changed the text of a message"))?;
                *seen = true;
                push_text(&mut pieces, message.text.trim(), source_of(message));
                rest
            };
            push_written(&mut pieces, written, vocabulary);
        }
        if seen.contains(&false) {
            return Err(self.wrong("it left a message out"));
        }
        Ok(pieces)
    }

    fn render(&self, messages: &[(Role, usize)]) -> Result<String, DecoderError> {
        let messages: Vec<Value> = messages
            .iter()
            .map(|(role, number)| {
                context! { role => role.name(), content => placeholder(*number) }
            })
            .collect();
        let names: Value = self.names.iter().cloned().collect();
        let context = context! { messages, add_generation_prompt => true, ..names };
        let template = self.environment.get_template("chat");
        let rendered = template
            .and_then(|template| template.render(context))
            .map_err(|error| self.wrong(&error.to_string()))?;
        if rendered.len() > RENDERED_MAX {
            return Err(self.wrong("it writes too much by itself"));
        }
        Ok(rendered)
    }

    fn wrong(&self, reason: &str) -> DecoderError {
        DecoderError::Template { file: self.file.clone(), reason: reason.to_owned() }
    }
}

fn placeholder(number: usize) -> String {
    format!("{OPEN}{number}{CLOSE}")
}

/// What the template wrote by itself, markers taken out.
fn push_written(pieces: &mut Vec<Piece>, written: &str, vocabulary: &Vocabulary) {
    let mut rest = written;
    let mut plain = 0;
    while plain < rest.len() {
        match rest.get(plain..).and_then(|from| vocabulary.marker_at(from)) {
            Some((marker, id)) => {
                push_text(pieces, rest.get(..plain).unwrap_or_default(), Source::Ours);
                pieces.push(Piece::Marker(id));
                rest = rest.get(plain + marker.len()..).unwrap_or_default();
                plain = 0;
            }
            None => plain += 1,
        }
    }
    push_text(pieces, rest, Source::Ours);
}

/// Neighbouring texts are one text: that is how the template's maker encoded them.
fn push_text(pieces: &mut Vec<Piece>, text: &str, source: Source) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(before, whose)) = pieces.last_mut() {
        before.push_str(text);
        if source == Source::Conversation {
            *whose = source;
        }
        return;
    }
    pieces.push(Piece::Text(text.to_owned(), source));
}

/// A template, or the one called `default` of several.
fn text_of_template(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Array(named) => named
            .iter()
            .find(|one| one.get("name").and_then(Json::as_str) == Some("default"))
            .and_then(|one| one.get("template")?.as_str().map(str::to_owned)),
        _ => None,
    }
}

/// A token is a text, or an object with one.
fn token_text(value: Option<&Json>) -> String {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    value.and_then(|value| text(value).or_else(|| text(value.get("content")?))).unwrap_or_default()
}

fn raise_exception(message: String) -> Result<Value, TemplateError> {
    Err(TemplateError::new(ErrorKind::InvalidOperation, message))
}

/// The methods of texts that templates use and the engine does not have.
fn call_method(
    _: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, TemplateError> {
    let unknown = || TemplateError::new(ErrorKind::UnknownMethod, method.to_owned());
    let text = value.as_str().ok_or_else(unknown)?;
    let argument = arguments.first().and_then(Value::as_str);
    let among = |characters: &str| {
        let characters: Vec<char> = characters.chars().collect();
        move |character: char| characters.contains(&character)
    };
    let blanks = argument.unwrap_or(" \t\r\n");
    match (method, argument) {
        ("strip", _) => Ok(text.trim_matches(among(blanks)).into()),
        ("lstrip", _) => Ok(text.trim_start_matches(among(blanks)).into()),
        ("rstrip", _) => Ok(text.trim_end_matches(among(blanks)).into()),
        ("startswith", Some(start)) => Ok(text.starts_with(start).into()),
        ("endswith", Some(end)) => Ok(text.ends_with(end).into()),
        ("split", Some(by)) if !by.is_empty() => Ok(text.split(by).map(str::to_owned).collect()),
        _ => Err(unknown()),
    }
}
