// Does a Node.js program that knows nothing but the WSDL get on with MSign? See ../conftest.py for the arguments.
import { readFileSync } from "node:fs";
import soap from "soap";

const { MSIGN_WSDL, MSIGN_URL, MSIGN_CERT, MSIGN_KEY, MSIGN_CA } = process.env;
const base64 = (path) => readFileSync(path).toString("base64");
const list = (one) => (one === undefined || one === null ? [] : [one].flat());

const operations = {
  async post(client, type, description, ...files) {
    const contents = files.map((path, n) => ({ Content: base64(path), CorrelationID: `${n}` }));
    const request = {
      ContentType: type,
      Contents: { SignContent: contents },
      ShortContentDescription: description,
    };
    const [answer] = await client.PostSignRequestAsync({ request });
    return { RequestID: answer.PostSignRequestResult };
  },

  async get(client, requestID, language) {
    const [answer] = await client.GetSignResponseAsync({ requestID, language });
    const { Status, Message, Results } = answer.GetSignResponseResult;
    const results = list(Results?.SignResult).map(({ CorrelationID, Certificate, Signature }) => ({
      CorrelationID, Certificate, Signature,
    }));
    return { Status, Message: Message ?? null, Results: results };
  },

  async verify(client, type, signature, content) {
    const request = {
      Contents: { VerificationContent: [{ Content: content && base64(content), Signature: base64(signature) }] },
      Language: "ro",
      SignedContentType: type,
    };
    const [answer] = await client.VerifySignaturesAsync({ request });
    const [{ SignaturesValid, Message, Certificates }] = list(answer.VerifySignaturesResult.Results.VerificationResult);
    const subjects = list(Certificates?.VerificationCertificate).map((one) => one.Subject);
    return { SignaturesValid, Message, Subjects: subjects };
  },
};

const client = await soap.createClientAsync(MSIGN_WSDL, {}, MSIGN_URL);
client.setSecurity(new soap.ClientSSLSecurity(MSIGN_KEY, MSIGN_CERT, MSIGN_CA, {}));
const [operation, ...parameters] = process.argv.slice(2);
try {
  console.log(JSON.stringify(await operations[operation](client, ...parameters)));
} catch (error) {
  const fault = error.root?.Envelope?.Body?.Fault;
  if (!fault) throw error;
  console.log(JSON.stringify({ Fault: fault.faultcode, Text: fault.faultstring?.$value ?? fault.faultstring }));
}
