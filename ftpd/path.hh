// SPDX-License-Identifier: ISC
// Paths as a client writes them: where they lead from its working directory, and which names are ours. Logic
// on bytes alone; nothing here looks at the file system.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

// Names that begin like this are reserved for unfinished uploads and for what they have replaced. No client
// may name them, no listing shows them.
inline constexpr std::string_view reserved_prefix = ".ftpd-";

// The absolute path in the tree that given means in the directory cwd: "/a/b", no `.', `..' or doubled
// slash; `..' at the top stays there. An empty given is cwd itself.
std::string resolve_path(std::string_view cwd, std::string_view given);

// The names between the slashes, in their order; they borrow from path.
std::vector<std::string_view> components(std::string_view path);

bool is_reserved(std::string_view name);

// The reserved name under which an upload of name is kept while it is unfinished. A name too long to take the
// prefix (NAME_MAX, 255 bytes) is shortened and told apart by a hash.
std::string partial_name(std::string_view name);
// The one under which this process keeps what an upload of name has replaced, until it is known that its
// client has the reply. It begins with the prefix twice, as no partial's does: no client can upload a name
// that begins with it.
std::string replaced_name(std::string_view name, pid_t process);
bool is_replaced_name(std::string_view name);

// Whether a path as it was given can only mean a directory, even where its last name is a link to one: it is
// empty, or ends in a slash, `.' or `..'.
bool means_directory(std::string_view given);

// How a client in its working directory names path, a file beside the one that it has called given, which
// leads to beside: in the same words up to the name; in full where those do not end in it.
std::string name_beside(std::string_view given, std::string_view beside, std::string_view path);

std::string_view last_component(std::string_view path); // "/" for "/"

// Bytes from a name as one line of a reply or a listing for programs shows them: CR and LF, which would end
// it, are `?', and all others are as they are.
std::string in_one_line(std::string_view bytes);
void make_one_line(std::span<char> bytes); // the same in place

// The path in double quotes, those inside doubled, as 257 replies have it (RFC 959, appendix II).
std::string quote_path(std::string_view path);

// The path as it stands in a URL: all but unreserved characters and slashes is encoded (RFC 3986, section 2).
std::string encode_for_url(std::string_view path);

} // namespace ftpd
