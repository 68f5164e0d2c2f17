//! What a call found out, remembered for a while: positive results only, so that what an administrator has just put right is
//! seen at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The most entries; a process that sees more people than this forgets them all and asks again.
const ENTRIES_MAX: usize = 1000;

/// A map whose entries are forgotten after a time.
pub(super) struct Cache<K, V> {
    lifetime: Duration,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache whose entries live this long.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, entries: Mutex::new(HashMap::new()) }
    }

    /// What is remembered of a key.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|(at, _)| at.elapsed() < self.lifetime).map(|(_, value)| value.clone())
    }

    /// Remembers it from now on.
    pub(super) fn put(&self, key: K, value: V) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (Instant::now(), value));
    }

    /// Forgets all entries of which that is so, those that have outlived their time included, and returns their keys.
    pub(super) fn forget(&self, is_it: impl Fn(&K, &V) -> bool) -> Vec<K> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.extract_if(|key, (_, value)| is_it(key, value)).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn entries_are_forgotten_after_their_lifetime() {
        let cache = Cache::new(Duration::from_secs(900));
        assert_eq!(cache.get(&"a"), None);
        cache.put("a", 1);
        tokio::time::advance(Duration::from_secs(899)).await;
        assert_eq!(cache.get(&"a"), Some(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.get(&"a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_forgotten_is_named_and_the_rest_stays() {
        let cache = Cache::new(Duration::from_secs(900));
        cache.put("a", 1);
        cache.put("b", 2);
        tokio::time::advance(Duration::from_secs(901)).await;
        cache.put("c", 3);
        assert_eq!(cache.forget(|_, value| *value == 1), ["a"]);
        assert_eq!((cache.forget(|_, value| *value == 1), cache.get(&"c")), (vec![], Some(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn cache_is_bounded() {
        let cache = Cache::new(Duration::from_secs(900));
        for key in 0..=ENTRIES_MAX {
            cache.put(key, ());
        }
        assert_eq!(cache.get(&0), None);
        assert_eq!(cache.get(&ENTRIES_MAX), Some(()));
    }
}
