//! A person at a browser without the browser: forms, cookies, redirects.

use std::sync::Arc;

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{ACCEPT, ORIGIN};
use reqwest::{Client, Response, StatusCode};

/// Somebody with a cookie jar at one service.
#[derive(Clone, Debug)]
pub struct Person {
    client: Client,
    jar: Arc<Jar>,
    origin: String,
}

/// An answer read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Where it led in the end.
    pub path: String,
    pub body: String,
}

impl Person {
    pub fn new(origin: &str) -> Self {
        fugong_common::service::tls::install_provider();
        let jar = Arc::new(Jar::default());
        let client = Client::builder().cookie_provider(Arc::clone(&jar)).build();
        Self { client: client.expect("a client can be made"), jar, origin: origin.to_owned() }
    }

    /// The `Cookie` header that goes with requests now.
    pub fn cookie(&self) -> String {
        let url = self.origin.parse().expect("an origin is an address");
        let value = self.jar.cookies(&url);
        value.and_then(|value| value.to_str().ok().map(str::to_owned)).unwrap_or_default()
    }

    async fn read(response: Response) -> Answer {
        let status = response.status();
        let path = response.url().path().to_owned();
        let body = response.text().await.expect("the body can be read");
        Answer { status, path, body }
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.origin);
        let response =
            self.client.get(url).header(ACCEPT, "text/html").send().await.expect("it answers");
        Self::read(response).await
    }

    /// The raw bytes of a download.
    pub async fn download(&self, path: &str) -> Vec<u8> {
        let url = format!("{}{path}", self.origin);
        let response = self.client.get(url).send().await.expect("it answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("the body can be read").to_vec()
    }

    /// The file that a form's button brings.
    pub async fn download_form(&self, path: &str, form: &[(&str, &str)]) -> Vec<u8> {
        let url = format!("{}{path}", self.origin);
        let request = self.client.post(url).header(ORIGIN, &self.origin).form(form);
        let response = request.send().await.expect("it answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("the body can be read").to_vec()
    }

    /// Sends a form as its page would, and follows where it leads.
    pub async fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.origin);
        let request = self
            .client
            .post(url)
            .header(ACCEPT, "text/html")
            .header(ORIGIN, &self.origin)
            .form(form);
        Self::read(request.send().await.expect("it answers")).await
    }

    /// Posts JSON as a script of the page would.
    pub async fn post_json(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> (StatusCode, serde_json::Value) {
        let url = format!("{}{path}", self.origin);
        let request = self.client.post(url).header(ORIGIN, &self.origin).json(body);
        let response = request.send().await.expect("it answers");
        let status = response.status();
        (status, response.json().await.unwrap_or(serde_json::Value::Null))
    }

    /// The same towards a service that may be dead: `None` where nothing came back.
    pub async fn try_post_json(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Option<(StatusCode, serde_json::Value)> {
        let url = format!("{}{path}", self.origin);
        let request = self.client.post(url).header(ORIGIN, &self.origin).json(body);
        let response = request.send().await.ok()?;
        let status = response.status();
        // Half an answer is none.
        Some((status, response.json().await.ok()?))
    }

    /// Uploads a file with other fields.
    pub async fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: (&str, &str, Vec<u8>),
    ) -> Answer {
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let (field, name, bytes) = file;
        form = form.part(
            field.to_owned(),
            reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned()),
        );
        let url = format!("{}{path}", self.origin);
        let request = self
            .client
            .post(url)
            .header(ACCEPT, "text/html")
            .header(ORIGIN, &self.origin)
            .multipart(form);
        Self::read(request.send().await.expect("it answers")).await
    }

    /// Signs in at the issuer.
    pub async fn sign_in(&self, name: &str, password: &str) {
        let answer = self.send("/sign-in", &[("name", name), ("password", password)]).await;
        assert!(
            answer.status.is_success() && answer.path != "/sign-in",
            "{name}: {}\n{}",
            answer.status,
            answer.body
        );
    }
}

/// The value of an attribute in the first tag that contains `mark`.
pub fn attribute(html: &str, mark: &str, name: &str) -> Option<String> {
    let at = html.find(mark)?;
    let start = html[..at].rfind('<')?;
    let end = start + html[start..].find('>')?;
    let tag = &html[start..end];
    let from = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let to = from + tag[from..].find('"')?;
    Some(tag[from..to].to_owned())
}
