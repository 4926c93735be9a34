//! Talks to a running node over its HTTP interface, as every other client does.

use crate::config::Config;
use anyhow::{Context, Result};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// No node answers; exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("no node answers at {0}; start one with `autoglm serve`, or name another with --bind")]
pub struct NoNode(String);

impl NoNode {
    /// For a node at this address.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self(address.to_owned())
    }
}

/// A connection to one node as the local reader.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    token: String,
    operator_token: Option<String>,
}

impl Client {
    /// A client for the node of this configuration.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(config: &Config) -> Result<Self> {
        let certificates = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| reqwest::Certificate::from_der(der).ok());
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(90))
            .tls_certs_merge(certificates)
            .build()
            .context("cannot build the HTTP client")?;
        let operator_token = std::fs::read_to_string(crate::node::operator_token_path(config)).ok();
        Ok(Self {
            http,
            address: config.server.bind.to_string(),
            token: config.server.token.expose().to_owned(),
            operator_token: operator_token.map(|token| token.trim().to_owned()),
        })
    }

    /// `host:port` of the node.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The reader's token, if one is configured.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        (!self.token.is_empty()).then_some(self.token.as_str())
    }

    /// Reads JSON as the local reader.
    ///
    /// # Errors
    /// [`NoNode`], or the node's own explanation.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, self.token()).await
    }

    /// Reads JSON as the operator.
    ///
    /// # Errors
    /// As [`Self::get`]; without the operator's token in the data folder the node refuses.
    pub async fn get_as_operator(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, self.operator_token.as_deref()).await
    }

    /// Sends JSON as the operator.
    ///
    /// # Errors
    /// As [`Self::get_as_operator`].
    pub async fn post_as_operator(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body), self.operator_token.as_deref()).await
    }

    /// Puts JSON as the operator.
    ///
    /// # Errors
    /// As [`Self::get_as_operator`].
    pub async fn put_as_operator(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(body), self.operator_token.as_deref()).await
    }

    /// Changes what is named, as the operator.
    ///
    /// # Errors
    /// As [`Self::get_as_operator`].
    pub async fn patch_as_operator(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PATCH, path, Some(body), self.operator_token.as_deref()).await
    }

    /// Deletes as the operator.
    ///
    /// # Errors
    /// As [`Self::get_as_operator`].
    pub async fn delete_as_operator(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, None, self.operator_token.as_deref()).await
    }

    /// Sends JSON as the local reader.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body), self.token()).await
    }

    /// Changes what is named, as the local reader.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PATCH, path, Some(body), self.token()).await
    }

    /// Deletes as the local reader.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, None, self.token()).await
    }

    /// The status of a path, for health checks.
    ///
    /// # Errors
    /// [`NoNode`].
    pub async fn probe(&self, path: &str) -> Result<StatusCode> {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let answer = request.send().await.map_err(|_refused| NoNode(self.address.clone()))?;
        Ok(answer.status())
    }

    /// Reads a document as the local reader.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_document(&self, path: &str) -> Result<String> {
        self.answer(self.request(Method::GET, path, self.token())).await
    }

    /// Sends a document of this type as the local reader.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_document(
        &self,
        path: &str,
        content_type: &str,
        document: Vec<u8>,
    ) -> Result<Value> {
        let request = self.request(Method::POST, path, self.token());
        let request = request.header(CONTENT_TYPE, content_type).body(document);
        read_json(&self.answer(request).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Value> {
        let mut request = self.request(method, path, token);
        if let Some(body) = body {
            request = request.json(body);
        }
        read_json(&self.answer(request).await?)
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        token.into_iter().fold(request, RequestBuilder::bearer_auth)
    }

    /// The text of a good answer.
    async fn answer(&self, request: RequestBuilder) -> Result<String> {
        let answer = request.send().await.map_err(|_refused| NoNode(self.address.clone()))?;
        let status = answer.status();
        let text = answer.text().await.context("the node's answer broke off")?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or(text.trim());
        anyhow::bail!("{detail} (status {status})")
    }
}

fn read_json(text: &str) -> Result<Value> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).context("the node's answer is not JSON")
}
