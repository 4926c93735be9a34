//! Writes and reads little-endian values; reading checks every length before it allocates.

use super::ProfileError;
use autoglm_domain::{EMBEDDING_DIMENSIONS, QuantizedEmbedding};

/// Appends values.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(16 * 1024))
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn f32(&mut self, value: f32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        // Every list and text is bounded far below this when it is built.
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Codes of another length than stored ones are written as a text that says nothing.
    pub(super) fn embedding(&mut self, embedding: &QuantizedEmbedding) {
        if embedding.codes.len() == EMBEDDING_DIMENSIONS && embedding.scale.abs() <= 1.0 {
            self.0.extend_from_slice(&embedding.to_bytes());
        } else {
            self.0.resize(self.0.len() + 4 + EMBEDDING_DIMENSIONS, 0);
        }
    }

    pub(super) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.length(items.len());
        for item in items {
            write(self, item);
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes values from the front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProfileError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ProfileError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProfileError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(ProfileError::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ProfileError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, ProfileError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, ProfileError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, ProfileError> {
        Ok(i16::from_le_bytes(self.array()?))
    }

    pub(super) fn f32(&mut self) -> Result<f32, ProfileError> {
        let value = f32::from_le_bytes(self.array()?);
        if value.is_finite() { Ok(value.clamp(-1e6, 1e6)) } else { Err(ProfileError::Damaged) }
    }

    fn length(&mut self, most: usize) -> Result<usize, ProfileError> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        if length <= most { Ok(length) } else { Err(ProfileError::Damaged) }
    }

    pub(super) fn text(&mut self, most: usize) -> Result<String, ProfileError> {
        let length = self.length(most)?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| ProfileError::Damaged)
    }

    pub(super) fn embedding(&mut self) -> Result<QuantizedEmbedding, ProfileError> {
        let bytes = self.take(4 + EMBEDDING_DIMENSIONS)?;
        QuantizedEmbedding::from_bytes(bytes)
            .filter(|embedding| embedding.scale.abs() <= 1.0)
            .ok_or(ProfileError::Damaged)
    }

    pub(super) fn list<T>(
        &mut self,
        most: usize,
        read: impl Fn(&mut Self) -> Result<T, ProfileError>,
    ) -> Result<Vec<T>, ProfileError> {
        let length = self.length(most)?;
        (0..length).map(|_| read(self)).collect()
    }

    pub(super) fn finish(self) -> Result<(), ProfileError> {
        if self.0.is_empty() { Ok(()) } else { Err(ProfileError::Damaged) }
    }
}
