<?php

// Does PHP's SoapClient get on with MSign? See ../conftest.py for the arguments.

declare(strict_types=1);

$client = new SoapClient(getenv('MSIGN_WSDL'), [
    'location' => getenv('MSIGN_URL'),
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
    'stream_context' => stream_context_create([
        'ssl' => ['local_cert' => getenv('MSIGN_IDENTITY'), 'cafile' => getenv('MSIGN_CA')],
    ]),
]);

// SoapClient turns xs:base64Binary from and to bytes by itself.
$operations = [
    'post' => function (string $type, string $description, string ...$files) use ($client): array {
        $contents = [];
        foreach ($files as $n => $path) {
            $contents[] = ['Content' => file_get_contents($path), 'CorrelationID' => "$n"];
        }
        $request = [
            'ContentType' => $type,
            'Contents' => ['SignContent' => $contents],
            'ShortContentDescription' => $description,
        ];
        return ['RequestID' => $client->PostSignRequest(['request' => $request])->PostSignRequestResult];
    },

    'get' => function (string $requestId, string $language) use ($client): array {
        $parameters = ['requestID' => $requestId, 'language' => $language];
        $answer = $client->GetSignResponse($parameters)->GetSignResponseResult;
        $results = array_map(fn (object $one): array => [
            'CorrelationID' => $one->CorrelationID,
            'Certificate' => base64_encode($one->Certificate),
            'Signature' => base64_encode($one->Signature),
        ], $answer->Results->SignResult ?? []);
        return ['Status' => $answer->Status, 'Message' => $answer->Message ?? null, 'Results' => $results];
    },

    'verify' => function (string $type, string $signature, ?string $content = null) use ($client): array {
        $one = ['Signature' => file_get_contents($signature)];
        if ($content !== null) {
            $one['Content'] = file_get_contents($content);
        }
        $request = [
            'Contents' => ['VerificationContent' => [$one]],
            'Language' => 'ro',
            'SignedContentType' => $type,
        ];
        $answer = $client->VerifySignatures(['request' => $request])->VerifySignaturesResult;
        $result = $answer->Results->VerificationResult[0];
        return [
            'SignaturesValid' => $result->SignaturesValid,
            'Message' => $result->Message,
            'Subjects' => array_column($result->Certificates->VerificationCertificate ?? [], 'Subject'),
        ];
    },
];

try {
    $told = $operations[$argv[1]](...array_slice($argv, 2));
} catch (SoapFault $fault) {
    $told = ['Fault' => $fault->faultcode, 'Text' => $fault->faultstring];
}
echo json_encode($told, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), "\n";
