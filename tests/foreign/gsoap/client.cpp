// Do gSOAP's C++ classes, made from the WSDL, get on with MSign? See ../conftest.py for the arguments.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "BasicHttpBinding_USCOREIMSign.nsmap"
#include "soapBasicHttpBinding_USCOREIMSignProxy.h"

using Service = BasicHttpBinding_USCOREIMSignProxy;

static std::string quoted(const std::string &text) {
  std::string json = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json + '"';
}

static std::string quoted(const std::string *text) { return text ? quoted(*text) : "null"; }

static std::string base64(soap *context, const xsd__base64Binary *data) {
  if (!data) return "null";
  return quoted(soap_s2base64(context, data->__ptr, nullptr, data->__size));
}

static xsd__base64Binary *file(soap *context, const char *path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  auto *data = soap_new_xsd__base64Binary(context);
  data->__size = static_cast<int>(bytes.size());
  data->__ptr = static_cast<unsigned char *>(soap_malloc(context, bytes.size() + 1));
  std::copy(bytes.begin(), bytes.end(), data->__ptr);
  return data;
}

static std::string *text(soap *context, const std::string &value) {
  auto *made = soap_new_std__string(context);
  *made = value;
  return made;
}

static ns1__ContentType type(const std::string &name) {
  return name == "Pdf" ? ns1__ContentType__Pdf : ns1__ContentType__Hash;
}

static int post(Service &msign, const std::vector<char *> &given) {
  ns1__ArrayOfSignContent contents;
  for (size_t n = 2; n < given.size(); n++) {
    auto *one = soap_new_ns1__SignContent(msign.soap);
    one->Content = file(msign.soap, given[n]);
    one->CorrelationID = text(msign.soap, std::to_string(n - 2));
    contents.SignContent.push_back(one);
  }
  ns1__SignRequest request;
  request.ContentType = type(given[0]);
  request.ShortContentDescription = text(msign.soap, given[1]);
  request.Contents = &contents;
  _ns1__PostSignRequest asked;
  asked.request = &request;
  _ns1__PostSignRequestResponse told;
  if (int error = msign.PostSignRequest(&asked, told)) return error;
  std::cout << "{\"RequestID\": " << quoted(told.PostSignRequestResult) << "}\n";
  return SOAP_OK;
}

static int get(Service &msign, const std::vector<char *> &given) {
  _ns1__GetSignResponse asked;
  asked.requestID = text(msign.soap, given[0]);
  asked.language = text(msign.soap, given[1]);
  _ns1__GetSignResponseResponse told;
  if (int error = msign.GetSignResponse(&asked, told)) return error;
  const auto *response = told.GetSignResponseResult;
  std::cout << "{\"Status\": " << quoted(soap_ns1__SignStatus2s(msign.soap, response->Status))
            << ", \"Message\": " << quoted(response->Message) << ", \"Results\": [";
  const char *comma = "";
  if (response->Results)
    for (const auto *one : response->Results->SignResult) {
      std::cout << comma << "{\"CorrelationID\": " << quoted(one->CorrelationID)
                << ", \"Certificate\": " << base64(msign.soap, one->Certificate)
                << ", \"Signature\": " << base64(msign.soap, one->Signature) << "}";
      comma = ", ";
    }
  std::cout << "]}\n";
  return SOAP_OK;
}

static int verify(Service &msign, const std::vector<char *> &given) {
  ns1__VerificationContent content;
  content.Signature = file(msign.soap, given[1]);
  content.Content = given.size() > 2 ? file(msign.soap, given[2]) : nullptr;
  ns1__ArrayOfVerificationContent contents;
  contents.VerificationContent.push_back(&content);
  ns1__VerificationRequest request;
  request.Contents = &contents;
  request.Language = text(msign.soap, "ro");
  request.SignedContentType = type(given[0]);
  _ns1__VerifySignatures asked;
  asked.request = &request;
  _ns1__VerifySignaturesResponse told;
  if (int error = msign.VerifySignatures(&asked, told)) return error;
  const auto *result = told.VerifySignaturesResult->Results->VerificationResult.at(0);
  std::cout << "{\"SignaturesValid\": " << (result->SignaturesValid ? "true" : "false")
            << ", \"Message\": " << quoted(result->Message) << ", \"Subjects\": [";
  const char *comma = "";
  if (result->Certificates)
    for (const auto *one : result->Certificates->VerificationCertificate) {
      std::cout << comma << quoted(one->Subject);
      comma = ", ";
    }
  std::cout << "]}\n";
  return SOAP_OK;
}

int main(int count, char **arguments) {
  // gSOAP takes certificate and key from one file.
  const std::string identity = getenv("MSIGN_IDENTITY");
  Service msign(getenv("MSIGN_URL"), SOAP_C_UTFSTRING);
  soap_ssl_init();
  if (soap_ssl_client_context(msign.soap, SOAP_SSL_DEFAULT, identity.c_str(), "",
                              getenv("MSIGN_CA"), nullptr, nullptr)) {
    soap_print_fault(msign.soap, stderr);
    return 1;
  }
  const std::string operation = arguments[1];
  const std::vector<char *> given(arguments + 2, arguments + count);
  const int error = operation == "post" ? post(msign, given)
                    : operation == "get" ? get(msign, given)
                                         : verify(msign, given);
  if (error && !msign.soap->fault) {
    soap_print_fault(msign.soap, stderr);
    return 1;
  }
  if (error)
    std::cout << "{\"Fault\": " << quoted(*soap_faultcode(msign.soap)) << ", \"Text\": "
              << quoted(*soap_faultstring(msign.soap)) << "}\n";
  msign.destroy();
  return 0;
}
