//! Questions about many things at once.

/// So many keys stand in one list: far below the 32,766 parameters that `SQLite` takes.
pub const KEYS: usize = 2_000;

/// All rows of a query over many keys, in as few statements as both databases take:
/// `rows_in!(tx, Row, "SELECT … WHERE a IN ", keys, " ORDER BY a, b")`, and with a bind behind the list
/// `rows_in!(tx, Row, "SELECT … WHERE a IN ", keys, " AND b > ", bind, " ORDER BY a, b")`. Long lists are
/// asked in pieces, in the order of the keys: where these are sorted, the rows of all pieces are, too.
#[macro_export]
macro_rules! rows_in {
    ($tx:expr, $row:ty, $head:expr, $keys:expr, $tail:expr $(, $bind:expr, $end:expr)?) => {{
        async {
            let mut found: Vec<$row> = Vec::new();
            for keys in $keys.chunks($crate::db::KEYS) {
                let some = match &mut *$tx {
                    $crate::db::Tx::Sqlite(t) => {
                        $crate::rows_in!(@piece sqlx::Sqlite, t, $row, $head, keys, $tail $(, $bind, $end)?)
                    }
                    $crate::db::Tx::Postgres(t) => {
                        $crate::rows_in!(@piece sqlx::Postgres, t, $row, $head, keys, $tail $(, $bind, $end)?)
                    }
                };
                found.extend(some.map_err($crate::db::DbError::from)?);
            }
            Ok::<_, $crate::db::DbError>(found)
        }
        .await
    }};
    (@piece $db:ty, $t:ident, $row:ty, $head:expr, $keys:ident, $tail:expr $(, $bind:expr, $end:expr)?) => {{
        let mut query = sqlx::QueryBuilder::<$db>::new($head);
        query.push("(");
        let mut list = query.separated(", ");
        for key in $keys {
            list.push_bind(key);
        }
        query.push(")").push($tail);
        $(query.push_bind($bind).push($end);)?
        // Every length of a list is another statement: none is worth remembering.
        query.build_query_as::<$row>().persistent(false).fetch_all(&mut **$t).await
    }};
}
