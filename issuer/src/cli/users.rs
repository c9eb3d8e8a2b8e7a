//! `issuer user`: accounts from the server's own terminal, for when nobody can sign in.

use clap::Subcommand;
use fugong_common::lang::Lang;
use fugong_common::person::clean_name;
use fugong_common::say;

use super::CommandError;
use crate::accounts::{self, Role, parse_sign_in, store};
use crate::app::App;
use crate::audit::Act;
use crate::divisions;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add an account with one post; prints the link by which its owner sets a password
    #[command(
        after_help = "Example:\n  issuer user add wang.fang --name 王芳 --role intake --division 370602"
    )]
    Add {
        /// Sign-in name
        sign_in: String,
        /// Full name
        #[arg(long)]
        name: String,
        /// Role: administrator, intake, checker, secretary, director, …
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// Code or id of the division that the post is bound to
        #[arg(long)]
        division: String,
    },
    /// List accounts and what they may act as
    #[command(after_help = "Example:\n  issuer user list")]
    List,
    /// Print a link by which the owner sets a new password
    #[command(after_help = "Example:\n  issuer user reset wang.fang")]
    Reset {
        /// Sign-in name
        sign_in: String,
    },
}

fn parse_role(code: &str) -> Result<Role, String> {
    Role::parse(code).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
        format!("unknown role; one of {}", known.join(", "))
    })
}

fn said(text: impl Into<String>) -> CommandError {
    CommandError::Said(text.into())
}

pub(super) async fn command(app: &App, command: UserCommand) -> Result<(), CommandError> {
    match command {
        UserCommand::Add { sign_in, name, role, division } => {
            add(app, &sign_in, &name, role, &division).await
        }
        UserCommand::List => list(app).await,
        UserCommand::Reset { sign_in } => reset(app, &sign_in).await,
    }
}

async fn add(
    app: &App,
    sign_in: &str,
    name: &str,
    role: Role,
    division: &str,
) -> Result<(), CommandError> {
    let sign_in = parse_sign_in(sign_in)
        .ok_or_else(|| said("a sign-in name has 2 to 40 characters and no blanks"))?;
    let name = clean_name(name).map_err(|error| said(error.to_string()))?;
    let now = app.now();
    let mut tx = app.db().write().await?;
    let division =
        divisions::store::find_by_code_or_id(&mut tx, division).await?.ok_or_else(|| {
            said(format!("there is no division {division}; add it in the console, or name its id"))
        })?;
    let (account_id, post_id) = (app.new_id(), app.new_id());
    store::insert(&mut tx, &account_id, &sign_in, name.as_str(), "", now).await?;
    let post = store::NewPost {
        id: &post_id,
        account_id: &account_id,
        role,
        division_id: &division.id,
        enterprise_id: "",
        title: "",
        line: "",
        valid_from: now,
    };
    store::insert_post(&mut tx, post).await?;
    record(app, &mut tx, "account.add", &account_id, &division.id).await?;
    tx.commit().await?;
    let link = accounts::pages::invite(app, &account_id).await?;
    say!(
        "Added {sign_in} as {} of {}. Set a password at:\n  {link}",
        role.title(Lang::En),
        division.name
    );
    Ok(())
}

async fn list(app: &App) -> Result<(), CommandError> {
    let mut tx = app.db().read().await?;
    let mut after = String::new();
    loop {
        let page = store::list(&mut tx, "", &after, 200).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.sign_in);
        for account in page {
            let posts = store::list_posts(&mut tx, &account.id, Lang::En, app.now()).await?;
            let posts: Vec<_> = posts
                .iter()
                .map(|post| format!("{} of {}", post.role.code(), post.division_name))
                .collect();
            let state = match (account.active, account.has_password) {
                (0, _) => "off",
                (_, 0) => "no password yet",
                _ => "active",
            };
            say!("{:<24} {:<16} {state:<16} {}", account.sign_in, account.name, posts.join("; "));
        }
    }
}

async fn reset(app: &App, sign_in: &str) -> Result<(), CommandError> {
    let mut tx = app.db().write().await?;
    let account = store::find_by_sign_in(&mut tx, &sign_in.to_lowercase())
        .await?
        .ok_or_else(|| said(format!("there is no account {sign_in}; see `issuer user list`")))?;
    record(app, &mut tx, "account.reset", &account.id, "").await?;
    tx.commit().await?;
    let link = accounts::pages::invite(app, &account.id).await?;
    say!("The old password still works until a new one is set at:\n  {link}");
    Ok(())
}

async fn record(
    app: &App,
    tx: &mut crate::db::Tx,
    action: &str,
    account_id: &str,
    division_id: &str,
) -> Result<(), CommandError> {
    let act = Act {
        at: app.now(),
        account_id: "",
        post_id: "",
        action,
        subject: "account",
        subject_id: account_id,
        division_id,
        detail: "command line",
    };
    Ok(app.record(tx, act).await?)
}
