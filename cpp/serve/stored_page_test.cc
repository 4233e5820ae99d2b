// Stored pages as browsers ask for them.
// Floor: serve.
#include "serve/stored_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "serve/gunzip.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const StoredPage> Page(std::string body, const StoredPage::Fields& fields = {}) {
  auto page = StoredPage::Make(std::move(body), "text/html; charset=utf-8", "max-age=60", fields);
  EXPECT_TRUE(page.ok()) << page.status();
  return *page;
}

Request With(std::string accept_encoding, std::string if_none_match = "") {
  Request request;
  request.method = "GET";
  request.accept_encoding = std::move(accept_encoding);
  request.if_none_match = std::move(if_none_match);
  return request;
}

std::string EntityTagOf(const Response& response) {
  const size_t begin = response.extra_headers.find("ETag: ") + 6;
  return response.extra_headers.substr(begin, response.extra_headers.find('\r', begin) - begin);
}

std::string HeadOf(const Response& response) {
  std::string head;
  AppendHead(response, 1, true, 0, head);
  return head;
}

TEST(StoredPageTest, IsServedAsItIs) {
  const Response response = Page("<p>")->Answer(With("gzip"));
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(*response.body, "<p>");
  EXPECT_FALSE(response.gzip) << "too small to gain";
  const std::string head = HeadOf(response);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(head, HasSubstr("Cache-Control: max-age=60\r\n"));
  EXPECT_THAT(head, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
}

TEST(StoredPageTest, IsCompressedWhereThatIsAccepted) {
  const std::string body(10'000, 'x');
  const auto page = Page(body);
  const Response plain = page->Answer(With("")), compressed = page->Answer(With("gzip"));
  EXPECT_EQ(*plain.body, body);
  ASSERT_TRUE(compressed.gzip);
  EXPECT_EQ(Gunzip(*compressed.body, body.size()), body);
  EXPECT_NE(EntityTagOf(plain), EntityTagOf(compressed)) << "the bytes differ";
}

TEST(StoredPageTest, WhoHasTheBytesIsNotSentThem) {
  const auto page = Page(std::string(10'000, 'x'));
  for (const char* accepted : {"", "gzip"}) {
    const std::string tag = EntityTagOf(page->Answer(With(accepted)));
    for (const std::string& held : {tag, "\"a\", " + tag, "W/" + tag, std::string("*"), "\"\"," + tag + " "}) {
      const Response response = page->Answer(With(accepted, held));
      EXPECT_EQ(response.status, 304u) << held;
      EXPECT_TRUE(response.body->empty());
      const std::string head = HeadOf(response);
      EXPECT_THAT(head, HasSubstr("HTTP/1.1 304 Not Modified\r\n"));
      EXPECT_THAT(head, HasSubstr("ETag: " + tag + "\r\n"));
      EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
      EXPECT_THAT(head, Not(HasSubstr("Content-Type:")));
    }
    for (const std::string& held : {std::string("\"a\""), tag.substr(1), tag.substr(0, tag.size() - 1), "x" + tag}) {
      EXPECT_EQ(page->Answer(With(accepted, held)).status, 200u) << held;
    }
  }
  EXPECT_EQ(page->Answer(With("gzip", EntityTagOf(page->Answer(With(""))))).status, 200u);
}

TEST(StoredPageTest, TagsAreThoseOfTheBytes) {
  EXPECT_EQ(EntityTagOf(Page("a")->Answer(With(""))), EntityTagOf(Page("a")->Answer(With(""))));
  EXPECT_NE(EntityTagOf(Page("a")->Answer(With(""))), EntityTagOf(Page("b")->Answer(With(""))));
  EXPECT_NE(EntityTagOf(Page("")->Answer(With(""))), EntityTagOf(Page(std::string(1, '\0'))->Answer(With(""))));
}

TEST(StoredPageTest, HasFurtherFieldsAndNoneThatCannotBe) {
  const Response response = Page("a", {{"Content-Security-Policy", "default-src 'self'"}})->Answer(With(""));
  EXPECT_THAT(HeadOf(response), HasSubstr("Content-Security-Policy: default-src 'self'\r\n"));
  const StoredPage::Fields bad[] = {{{"", "a"}},          {{"A B", "a"}},   {{"A:", "a"}},   {{"A", ""}},
                                    {{"A", "a\r\nB: b"}}, {{"A", " a"}},    {{"A", "\xc3"}}, {{"content-length", "1"}},
                                    {{"Vary", "*"}},      {{"A\r\nB", "a"}}};
  for (const auto& fields : bad) {
    EXPECT_TRUE(absl::IsInvalidArgument(StoredPage::Make("a", "text/plain", "no-cache", fields).status()))
        << fields[0].first << ": " << fields[0].second;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(StoredPage::Make("a", "text/plain\r\n", "no-cache").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(StoredPage::Make("a", "text/plain", "").status()));
}

}  // namespace
}  // namespace toolvitals
